# What all targets of Smile share: language, warnings, sanitizers, ccache, and the functions by
# which folders declare their libraries and programs.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

set(SMILE_SANITIZE "" CACHE STRING
    "Comma-separated sanitizers: thread, or address and undefined with fuzzer-no-link for the fuzzers")

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
# Line tables are enough for a sanitizer's report, and -O1 compiles fast and runs bearably.
set(CMAKE_CXX_FLAGS_SANITIZED "-O1 -g1")

# ThreadSanitizer runs what has threads; to compile the rest for it would take as long as its tests.
set(SMILE_THREADS_ONLY OFF)
if(SMILE_SANITIZE MATCHES "thread")
  set(SMILE_THREADS_ONLY ON)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # The sloppiness is what ccache asks for to cache with precompiled headers; a base directory lets
  # clones at other places share what was compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros
                                  "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" "${CCACHE}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()

find_program(LLD ld.lld)
if(LLD)
  add_link_options(-fuse-ld=lld)
endif()

add_compile_options(-Wall -Wextra -Wno-missing-field-initializers -Werror -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC takes the sources of a group for headers, which must not use anonymous namespaces.
  add_compile_options(-Wno-subobject-linkage)
endif()
if(SMILE_SANITIZE)
  # vptr looks at memory through a pipe, and so cries wolf in tests that use up all descriptors.
  add_compile_options(-fsanitize=${SMILE_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SMILE_SANITIZE})
endif()
if(SMILE_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Clang 14 cannot assemble what this check adds to coroutines that are no members.
  add_compile_options(-fno-sanitize=function)
endif()

# What the tests' own code is compiled with, and under a sanitizer libsmile and smilecat, which no fuzzer
# reaches: optimising and covering them takes half of the build and finds nothing.
set(SMILE_TEST_OPTIONS -O0)
if(SMILE_SANITIZE MATCHES "fuzzer")
  list(APPEND SMILE_TEST_OPTIONS -fno-sanitize=fuzzer-no-link)
endif()

# What each test runs with, as test properties, so that a sanitizer's finding is a failure that says
# where. gtest_discover_tests flattens lists: hence one variable in each property.
set(SMILE_TEST_PROPERTIES TIMEOUT 300)
if(SMILE_SANITIZE MATCHES "thread")
  list(APPEND SMILE_TEST_PROPERTIES ENVIRONMENT
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:history_size=7:suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")
elseif(SMILE_SANITIZE MATCHES "address")
  list(APPEND SMILE_TEST_PROPERTIES
    ENVIRONMENT "ASAN_OPTIONS=halt_on_error=1:detect_stack_use_after_return=1"
    ENVIRONMENT_MODIFICATION "LSAN_OPTIONS=set:suppressions=${CMAKE_SOURCE_DIR}/tests/lsan.supp")
endif()

# The sources of a folder are compiled in groups, each as one source: that parses the headers, and
# instantiates the templates, once for the group. The names that they define have to differ within a
# folder, which tools/compile_check.py looks at. A build for a debugger is rather incremental.
set(SMILE_SOURCES_PER_GROUP 12)
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(SMILE_SOURCES_PER_GROUP 1)
endif()

# smile_group(file…): compiles these files, all of one folder, in groups, in targets with the property
# UNITY_BUILD_MODE GROUP.
function(smile_group)
  if(SMILE_SOURCES_PER_GROUP EQUAL 1)
    return()
  endif()
  set(number 0)
  foreach(file IN LISTS ARGN)
    cmake_path(GET file PARENT_PATH folder)
    cmake_path(GET folder FILENAME folder)
    math(EXPR group "${number} / ${SMILE_SOURCES_PER_GROUP}")
    set_source_files_properties(${file} PROPERTIES UNITY_GROUP "${folder}_${group}")
    math(EXPR number "${number} + 1")
  endforeach()
endfunction()

# smile_library(NAME [DIRS dir…] [EXCLUDE file…] [ALONE file…] [PRECOMPILE header…] LINKS target…):
# the library smile_NAME, from all .cc files directly in this folder, or in the DIRS of it. ALONE are
# compiled each by itself, because GCC inlines less of them in a group. PRECOMPILE are headers that
# most of them include, which are parsed once, by Clang with some of the standard library's. (GCC 12
# finds accesses out of bounds where there are none, in strings that come precompiled.)
function(smile_library name)
  cmake_parse_arguments(arg "" "" "DIRS;EXCLUDE;ALONE;PRECOMPILE;LINKS" ${ARGN})
  if(NOT arg_DIRS)
    set(arg_DIRS .)
  endif()
  set(sources)
  foreach(dir IN LISTS arg_DIRS)
    file(GLOB found CONFIGURE_DEPENDS "${dir}/*.cc")
    foreach(file IN LISTS arg_EXCLUDE)
      list(FILTER found EXCLUDE REGEX "/${file}$")
    endforeach()
    list(APPEND sources ${found})
    foreach(file IN LISTS arg_ALONE)
      list(FILTER found EXCLUDE REGEX "/${file}$")
    endforeach()
    smile_group(${found})
  endforeach()
  add_library(smile_${name} STATIC ${sources})
  set_target_properties(smile_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  target_include_directories(smile_${name} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
  target_link_libraries(smile_${name} PUBLIC ${arg_LINKS})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_precompile_headers(
      smile_${name} PRIVATE <algorithm> <functional> <memory> <string> <unordered_map> <vector>
                            <fmt/format.h> ${arg_PRECOMPILE})
  endif()
endfunction()

# smile_test(NAME LINKS target… [THREADED file…]): the test program NAME_tests from all *_test.cc files
# of this folder; each TEST in it is a test of CTest. Files named *_slow_test.cc become
# NAME_slow_tests, whose tests have the label "slow": they take long under ThreadSanitizer and are left
# out there. THREADED: the only files whose tests have several threads, so ThreadSanitizer gets no others.
function(smile_test name)
  cmake_parse_arguments(arg "" "" "LINKS;THREADED" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "*_test.cc")
  if(SMILE_THREADS_ONLY AND arg_THREADED)
    set(sources ${arg_THREADED})
  endif()
  set(slow_sources ${sources})
  list(FILTER sources EXCLUDE REGEX "_slow_test\\.cc$")
  list(FILTER slow_sources INCLUDE REGEX "_slow_test\\.cc$")
  smile_test_program(${name}_tests fast "${sources}" "${arg_LINKS}")
  smile_test_program(${name}_slow_tests slow "${slow_sources}" "${arg_LINKS}")
endfunction()

function(smile_test_program target label sources links)
  if(NOT sources)
    return()
  endif()
  smile_group(${sources})
  add_executable(${target} ${sources})
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  target_link_libraries(${target} PRIVATE ${links} GTest::gmock GTest::gtest_main)
  target_compile_options(${target} PRIVATE ${SMILE_TEST_OPTIONS})
  target_precompile_headers(${target} REUSE_FROM smile_test_headers)
  gtest_discover_tests(
    ${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES
    PROPERTIES LABELS ${label} ${SMILE_TEST_PROPERTIES})
endfunction()

# smile_command_test(NAME LABEL COMMAND argument…): a test of CTest that is any other program, such
# as a script. LABEL is "fast" or "slow", as in smile_test. Exit status 77 means skipped.
function(smile_command_test name label)
  cmake_parse_arguments(arg "" "" "COMMAND" ${ARGN})
  add_test(NAME ${name} COMMAND ${arg_COMMAND})
  set_tests_properties(${name} PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77
                       ${SMILE_TEST_PROPERTIES})
endfunction()

# smile_fuzzer(NAME SOURCE LINKS target…): the program NAME_fuzzer, in the preset "asan" only; the
# target "fuzzers" builds all of them. SOURCE defines LLVMFuzzerTestOneInput.
add_custom_target(fuzzers)
function(smile_fuzzer name source)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  if(NOT SMILE_SANITIZE MATCHES "fuzzer")
    return()
  endif()
  add_executable(${name}_fuzzer ${source})
  target_link_libraries(${name}_fuzzer PRIVATE ${arg_LINKS} -fsanitize=fuzzer)
  add_dependencies(fuzzers ${name}_fuzzer)
endfunction()
