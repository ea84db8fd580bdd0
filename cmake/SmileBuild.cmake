# What all targets of Smile share: language, warnings, sanitizers, ccache, and the two functions by
# which folders declare their libraries and programs.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

set(SMILE_SANITIZE "" CACHE STRING "Comma-separated sanitizers: address,undefined or thread")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()

add_compile_options(-Wall -Wextra -Werror -fno-omit-frame-pointer)
if(SMILE_SANITIZE)
  add_compile_options(-fsanitize=${SMILE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SMILE_SANITIZE})
endif()
if(SMILE_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-tsan)  # GCC 12 warns of fences that libstdc++ uses correctly
endif()

# smile_library(NAME [DIRS dir…] [EXCLUDE file…] LINKS target…): the library smile_NAME, from all .cc
# files directly in this folder, or in the DIRS of it.
function(smile_library name)
  cmake_parse_arguments(arg "" "" "DIRS;EXCLUDE;LINKS" ${ARGN})
  if(NOT arg_DIRS)
    set(arg_DIRS .)
  endif()
  set(sources)
  foreach(dir IN LISTS arg_DIRS)
    file(GLOB found CONFIGURE_DEPENDS "${dir}/*.cc")
    list(APPEND sources ${found})
  endforeach()
  foreach(file IN LISTS arg_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "/${file}$")
  endforeach()
  add_library(smile_${name} STATIC ${sources})
  target_include_directories(smile_${name} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
  target_link_libraries(smile_${name} PUBLIC ${arg_LINKS})
endfunction()

# smile_test(NAME LINKS target…): the test program NAME_tests from all *_test.cc files of this
# folder; each TEST in it is a test of CTest.
function(smile_test name)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "*_test.cc")
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_tests ${sources})
  target_link_libraries(${name}_tests PRIVATE ${arg_LINKS} GTest::gmock GTest::gtest_main)
  target_precompile_headers(${name}_tests PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
  gtest_discover_tests(${name}_tests DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300)
endfunction()
