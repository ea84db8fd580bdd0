// The content of streams: pieces of 256 KiB, which follow from the number of the content.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/smilebench/noise.h"

namespace smile::bench {

inline constexpr size_t kStreamPieceBytes = size_t{256} << 10;

class StreamContent {
 public:
  void Make(uint64_t content, uint64_t piece, Bytes* bytes) const {
    noise_.Make(NumberOf(content, piece), kStreamPieceBytes, bytes);
  }
  bool IsRight(uint64_t content, uint64_t piece, ByteView bytes) const {
    return noise_.IsRight(NumberOf(content, piece), kStreamPieceBytes, bytes);
  }

 private:
  static uint64_t NumberOf(uint64_t content, uint64_t piece) { return (content << 32) | piece; }

  const Noise noise_;
};

}  // namespace smile::bench
