// The checksum at the end of what the formats of content (content_format.h, segment_format.h) store
// in one piece: XXH3-64 of the bytes before it, little-endian.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/coding.h"
#include "base/hash.h"

namespace smile {

inline void AppendChecksum(Bytes* bytes) {
  AppendLittle(bytes, Hash64(*bytes));
}

// Leaves what is before a checksum that matches; false if it does not.
inline bool RemoveChecksum(ByteView* bytes) {
  if (bytes->size() < sizeof(uint64_t)) return false;
  const ByteView rest = bytes->substr(0, bytes->size() - sizeof(uint64_t));
  if (LoadLittle<uint64_t>(bytes->data() + rest.size()) != Hash64(rest)) return false;
  *bytes = rest;
  return true;
}

}  // namespace smile
