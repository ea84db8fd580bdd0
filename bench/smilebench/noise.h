// Bytes that cannot be compressed, made and verified about as fast as memory is copied, so that the
// generator costs little.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace smile::bench {

// Maximum length of a piece.
inline constexpr size_t kMaxNoiseBytes = size_t{1} << 20;

class Noise {
 public:
  Noise();

  // Replaces *piece by the one with this number, of 8 to kMaxNoiseBytes bytes. Pieces with
  // different numbers differ.
  void Make(uint64_t number, size_t size, Bytes* piece) const;

  // Compares every byte.
  bool IsRight(uint64_t number, size_t size, ByteView piece) const;

 private:
  const Bytes noise_;  // of which every piece has a part, after its number
};

}  // namespace smile::bench
