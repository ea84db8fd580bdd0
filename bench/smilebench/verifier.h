// Whether what came is what was written.
#pragma once

#include <cstdint>

#include "bench/smilebench/driver.h"
#include "bench/smilebench/photos.h"

namespace smile::bench {

class Verifier {
 public:
  // With `photos`, which outlive it, each value is a photo; otherwise it has `value_bytes`.
  Verifier(uint32_t posts_per_author, size_t value_bytes, const Photos* photos = nullptr)
      : posts_per_author_(posts_per_author), value_bytes_(value_bytes), photos_(photos) {}

  // Looks at every byte of every value, and at their number and order.
  bool IsRight(const Operation& operation, const Found& found) const;

 private:
  bool IsRightValue(uint64_t number, ByteView value) const;
  bool IsRightScan(const Operation& operation, const Found& found) const;

  const uint32_t posts_per_author_;
  const size_t value_bytes_;
  const Photos* const photos_;
};

}  // namespace smile::bench
