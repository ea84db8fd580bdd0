# `cmake --install BUILD --component libsmile --prefix DIR` installs libsmile, the C++ client: static
# libraries, headers as <smile/client.h>, a CMake package (find_package(smile), smile::client), and
# smile.pc for pkg-config.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(smile_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/smile")

foreach(library base model protocol net client)
  set_target_properties(smile_${library} PROPERTIES EXPORT_NAME ${library})
  install(TARGETS smile_${library} EXPORT smile COMPONENT libsmile
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
endforeach()
target_compile_features(smile_base PUBLIC cxx_std_20)

install(CODE "
  set(source_dir \"${CMAKE_SOURCE_DIR}\")
  set(staging_dir \"${CMAKE_BINARY_DIR}/installed_headers\")
  set(include_dir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}\")"
  COMPONENT libsmile)
install(SCRIPT "${CMAKE_SOURCE_DIR}/cmake/InstallHeaders.cmake" COMPONENT libsmile)

install(EXPORT smile NAMESPACE smile:: FILE smileTargets.cmake COMPONENT libsmile
  DESTINATION "${smile_package_dir}")
configure_package_config_file("${CMAKE_SOURCE_DIR}/cmake/smileConfig.cmake.in"
  "${CMAKE_BINARY_DIR}/smileConfig.cmake" INSTALL_DESTINATION "${smile_package_dir}")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/smileConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/smileConfig.cmake" "${CMAKE_BINARY_DIR}/smileConfigVersion.cmake"
  DESTINATION "${smile_package_dir}" COMPONENT libsmile)
configure_file("${CMAKE_SOURCE_DIR}/cmake/smile.pc.in" "${CMAKE_BINARY_DIR}/smile.pc" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/smile.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
  COMPONENT libsmile)
