// XXH3-64 with seed 0, the one hash of Smile: frame checksums (low half), value checksums,
// sharding. Source: xxHash 0.8, https://xxhash.com.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace smile {

uint64_t Hash64(ByteView bytes);
// The same of two pieces, one behind the other.
uint64_t Hash64(ByteView first, ByteView second);

}  // namespace smile
