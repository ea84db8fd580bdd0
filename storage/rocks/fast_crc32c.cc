// RocksDB's CRC-32C, by ours. Debian compiles librocksdb for any x86-64, so its own uses a table,
// which took a third of the server's time for a photo. Calls in the library are bound to the first
// definition of this function that the dynamic linker finds, which is that of the program.
// Linked only with Debian's package (cmake/SmileRocksdb.cmake): RocksDB from source has a fast one.
#include <cstddef>
#include <cstdint>

#include "base/crc32c.h"

namespace rocksdb::crc32c {

// The declaration of RocksDB's util/crc32c.h, which is not installed.
uint32_t Extend(uint32_t init_crc, const char* data, size_t n);

uint32_t Extend(uint32_t init_crc, const char* data, size_t n) {
  return smile::Crc32c(smile::ByteView(data, n), init_crc);
}

}  // namespace rocksdb::crc32c
