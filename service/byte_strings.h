// Byte strings in stored forms and tokens: a varint with the length, then the bytes.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/coding.h"

namespace smile {

inline void AppendString(Bytes* out, ByteView bytes) {
  AppendVarint(out, bytes.size());
  out->append(bytes);
}

// False if the bytes are truncated.
inline bool ReadString(ByteReader* reader, Bytes* bytes) {
  uint64_t size = 0;
  ByteView view;
  if (!reader->ReadVarint(&size) || !reader->ReadBytes(size, &view)) return false;
  *bytes = Bytes(view);
  return true;
}

}  // namespace smile
