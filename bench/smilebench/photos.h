// The photos that smilebench writes and reads: each has a size and bytes of its own, which follow
// from its number.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "bench/smilebench/noise.h"

namespace smile::bench {

inline constexpr size_t kMinPhotoBytes = size_t{20} << 10;
inline constexpr size_t kMaxPhotoBytes = size_t{400} << 10;

class Photos {
 public:
  // Log-uniform from kMinPhotoBytes to kMaxPhotoBytes: 127 KiB on average.
  static size_t SizeOf(uint64_t number);

  // Replaces *photo. No two photos are equal.
  void Make(uint64_t number, Bytes* photo) const { noise_.Make(number, SizeOf(number), photo); }

  // Compares every byte.
  bool IsRight(uint64_t number, ByteView photo) const {
    return noise_.IsRight(number, SizeOf(number), photo);
  }

 private:
  const Noise noise_;
};

}  // namespace smile::bench
