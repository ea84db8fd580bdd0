// Whether what came is what was written.
#pragma once

#include <cstdint>

#include "bench/smilebench/driver.h"

namespace smile::bench {

class Verifier {
 public:
  Verifier(uint32_t posts_per_author, size_t value_bytes)
      : posts_per_author_(posts_per_author), value_bytes_(value_bytes) {}

  // Looks at every byte of every value, and at their number and order.
  bool IsRight(const Operation& operation, const Found& found) const;

 private:
  bool IsRightScan(const Operation& operation, const Found& found) const;

  const uint32_t posts_per_author_;
  const size_t value_bytes_;
};

}  // namespace smile::bench
