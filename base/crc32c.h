// CRC-32C (Castagnoli), the checksum of RocksDB's files. Smile's own is XXH3 (base/hash.h).
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace smile {

// The CRC-32C of bytes that follow others, whose CRC-32C is `crc` (0: none do). With the
// processor's instructions on x86-64 where it has them (SSE 4.2, since 2008), else with a table.
uint32_t Crc32c(ByteView bytes, uint32_t crc = 0);

// The same without them, for tests.
uint32_t Crc32cByTable(ByteView bytes, uint32_t crc = 0);

}  // namespace smile
