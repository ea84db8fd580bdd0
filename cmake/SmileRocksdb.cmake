# Which RocksDB is linked, as the target smile_rocksdb (docs/decisions/0019-rocksdb-from-source.md).

set(SMILE_ROCKSDB package CACHE STRING
    "package: Debian's; source: the same, built by ./dev setup --rocksdb=source")
set_property(CACHE SMILE_ROCKSDB PROPERTY STRINGS package source)

add_library(smile_rocksdb INTERFACE)
if(SMILE_ROCKSDB STREQUAL "package")
  find_package(RocksDB REQUIRED)
  target_link_libraries(smile_rocksdb INTERFACE RocksDB::rocksdb-shared)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    # storage/rocks/fast_crc32c.cc takes the place of the library's function. Nothing in the program
    # refers to it, so the linker is told to take it out of its archive.
    set(SMILE_FAST_CRC32C ON)
    target_link_options(smile_rocksdb INTERFACE
      "LINKER:--undefined=_ZN7rocksdb6crc32c6ExtendEjPKcm")
  endif()
elseif(SMILE_ROCKSDB STREQUAL "source")
  execute_process(COMMAND "${CMAKE_SOURCE_DIR}/tools/rocksdb_source.sh" --path
    OUTPUT_VARIABLE rocksdb_home OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  if(NOT EXISTS "${rocksdb_home}/complete")
    message(FATAL_ERROR "RocksDB is not built in ${rocksdb_home}: run ./dev setup --rocksdb=source")
  endif()
  find_package(RocksDB REQUIRED CONFIG PATHS "${rocksdb_home}" NO_DEFAULT_PATH)
  target_link_libraries(smile_rocksdb INTERFACE RocksDB::rocksdb)
else()
  message(FATAL_ERROR "SMILE_ROCKSDB is package or source, not \"${SMILE_ROCKSDB}\"")
endif()
