# `cmake --install BUILD --component libsmile --prefix DIR` installs libsmile, the C++ client: static
# libraries, headers as <smile/client.h>, a CMake package (find_package(smile), smile::client), and
# smile.pc for pkg-config.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(smile_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/smile")

# What a user of the library needs, and nothing else; each becomes <smile/NAME.h>.
set(smile_public_headers
  client/answer.h client/await.h client/blocking.h client/client.h client/options.h client/page_token.h
  client/post_ids.h
  base/bytes.h base/result.h base/status.h
  model/key.h model/record.h model/tables.h
  net/endpoint.h
  protocol/error_body.h protocol/operations.h protocol/outcomes.h)
# What those need in turn; each becomes <smile/internal/NAME.h>, which nobody else includes. Of their
# content only the operations are part of the contract, by way of <smile/operations.h>.
set(smile_internal_headers client/wait.h protocol/field.h protocol/operation_list.h
  protocol/admin_operations.h protocol/connection_operations.h protocol/record_operations.h)

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
  set(include_dir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}\")
  set(public_headers \"${smile_public_headers}\")
  set(internal_headers \"${smile_internal_headers}\")"
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
