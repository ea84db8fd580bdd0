// Permutations that need no table, so that graphs of any size take no memory.
#pragma once

#include <cstdint>

namespace smile::bench {

// A permutation of the numbers below `count`: a Feistel network of four rounds on the smallest
// even number of bits, repeated until the result is below `count` (cycle walking; Black and
// Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). Fewer than four repetitions on average.
class Permutation {
 public:
  // `count` is at least 1. Another seed gives another permutation.
  Permutation(uint64_t count, uint64_t seed);

  // `number` is below `count`, as is the result.
  uint64_t Apply(uint64_t number) const;
  // The number for which Apply gives `number`.
  uint64_t Invert(uint64_t number) const;

 private:
  static constexpr int kRounds = 4;
  uint64_t Mix(uint64_t half, int round) const;

  uint64_t count_;
  uint64_t seed_;
  unsigned half_bits_;
  uint64_t half_mask_;
};

}  // namespace smile::bench
