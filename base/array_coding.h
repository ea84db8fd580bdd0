// Arrays of bytes, such as ids and digests, in byte strings.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "base/coding.h"

namespace smile {

template <size_t N>
void AppendArray(Bytes* out, const std::array<uint8_t, N>& bytes) {
  out->append(reinterpret_cast<const char*>(bytes.data()), N);
}

// False: the bytes end before.
template <size_t N>
bool ReadArray(ByteReader* reader, std::array<uint8_t, N>* bytes) {
  ByteView view;
  if (!reader->ReadBytes(N, &view)) return false;
  std::memcpy(bytes->data(), view.data(), N);
  return true;
}

}  // namespace smile
