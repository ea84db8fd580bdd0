#include "bench/linkbench/permutation.h"

#include <algorithm>
#include <bit>

#include "bench/smilebench/random.h"

namespace smile::bench {

Permutation::Permutation(uint64_t count, uint64_t seed)
    : count_(count),
      seed_(seed),
      half_bits_(std::max(1U, (static_cast<unsigned>(std::bit_width(count - 1)) + 1) / 2)),
      half_mask_((uint64_t{1} << half_bits_) - 1) {}

uint64_t Permutation::Mix(uint64_t half, int round) const {
  return Random(seed_ + static_cast<uint64_t>(round) * 0x9e3779b97f4a7c15 + (half << 3)).Next() &
         half_mask_;
}

uint64_t Permutation::Apply(uint64_t number) const {
  do {
    uint64_t left = number >> half_bits_;
    uint64_t right = number & half_mask_;
    for (int round = 0; round < kRounds; ++round) {
      const uint64_t mixed = left ^ Mix(right, round);
      left = right;
      right = mixed;
    }
    number = left << half_bits_ | right;
  } while (number >= count_);
  return number;
}

uint64_t Permutation::Invert(uint64_t number) const {
  do {
    uint64_t left = number >> half_bits_;
    uint64_t right = number & half_mask_;
    for (int round = kRounds - 1; round >= 0; --round) {
      const uint64_t mixed = right ^ Mix(left, round);
      right = left;
      left = mixed;
    }
    number = left << half_bits_ | right;
  } while (number >= count_);
  return number;
}

}  // namespace smile::bench
