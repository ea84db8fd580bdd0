# `cmake --install` gives libsmile, the C++ client: libraries, headers and a CMake package, so that
# others write find_package(smile) and link smile::client. Its component is "libsmile".

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(smile_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/smile")
set(smile_include_dir "${CMAKE_INSTALL_INCLUDEDIR}/smile")

foreach(library base model protocol net client)
  set_target_properties(smile_${library} PROPERTIES EXPORT_NAME ${library})
  # Headers include each other from the root of the tree, as here.
  install(TARGETS smile_${library} EXPORT smile COMPONENT libsmile
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    INCLUDES DESTINATION "${smile_include_dir}")
  # Not those that show libuv, nor programs.
  install(DIRECTORY "${CMAKE_SOURCE_DIR}/${library}/" DESTINATION "${smile_include_dir}/${library}"
    COMPONENT libsmile
    FILES_MATCHING PATTERN "*.h"
    PATTERN "uv_*.h" EXCLUDE PATTERN "tcp*.h" EXCLUDE
    PATTERN "smilecat" EXCLUDE)
endforeach()
target_compile_features(smile_base PUBLIC cxx_std_20)

install(EXPORT smile NAMESPACE smile:: FILE smileTargets.cmake COMPONENT libsmile
  DESTINATION "${smile_package_dir}")
configure_package_config_file("${CMAKE_SOURCE_DIR}/cmake/smileConfig.cmake.in"
  "${CMAKE_BINARY_DIR}/smileConfig.cmake" INSTALL_DESTINATION "${smile_package_dir}")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/smileConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/smileConfig.cmake" "${CMAKE_BINARY_DIR}/smileConfigVersion.cmake"
  DESTINATION "${smile_package_dir}" COMPONENT libsmile)
