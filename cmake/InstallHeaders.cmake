# Installs the headers of libsmile. In the tree they include each other as "client/client.h"; a user
# writes <smile/client.h>, so this is what the installed ones say, in comments too.
#
# Variables: source_dir, staging_dir, and include_dir; without the last one they are only staged.

include("${CMAKE_CURRENT_LIST_DIR}/InstalledHeaders.cmake")

foreach(header IN LISTS public_headers)
  get_filename_component(name "${header}" NAME)
  set(installed_${header} "smile/${name}")
endforeach()
foreach(header IN LISTS internal_headers)
  get_filename_component(name "${header}" NAME)
  set(installed_${header} "smile/internal/${name}")
endforeach()

# Installs of one build tree that run at the same time share this directory.
file(LOCK "${staging_dir}.lock" GUARD PROCESS)
file(REMOVE_RECURSE "${staging_dir}")
foreach(header IN LISTS public_headers internal_headers)
  file(READ "${source_dir}/${header}" text)
  foreach(other IN LISTS public_headers internal_headers)
    string(REPLACE "#include \"${other}\"" "#include <${installed_${other}}>" text "${text}")
    string(REPLACE "${other}" "${installed_${other}}" text "${text}")
  endforeach()
  string(REGEX MATCH "(base|model|protocol|net|client|storage|server)/[a-z_]+\\.(h|cc)" left "${text}")
  if(left)
    message(FATAL_ERROR "${header} is installed and refers to ${left}, which is not: remove the "
      "reference, or add it to the headers in cmake/InstalledHeaders.cmake")
  endif()
  file(WRITE "${staging_dir}/${installed_${header}}" "${text}")
endforeach()

if(include_dir)
  file(INSTALL DESTINATION "${include_dir}" TYPE DIRECTORY FILES "${staging_dir}/smile")
endif()
