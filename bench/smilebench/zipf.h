// Numbers that are not equally likely, as YCSB draws them.
#pragma once

#include <cstdint>

#include "bench/smilebench/random.h"

namespace smile::bench {

inline constexpr double kZipfExponent = 0.99;  // YCSB's

// The sum of 1 / i^exponent for i from 1 to `count`. Beyond the first thousands the sum is taken as
// an integral (Euler and Maclaurin), which is right to better than a millionth of a millionth.
double Zeta(uint64_t count, double exponent);

// Ranks from 0, the likeliest, to `count` - 1: rank r has the share 1 / (r + 1)^exponent /
// Zeta(count, exponent), the first two exactly, the others nearly. Gray, Sundaresan, Englert,
// Baclawski and Weinberger, "Quickly generating billion-record synthetic databases", SIGMOD 1994.
class Zipfian {
 public:
  // `count` is at least 1; `exponent` is more than 0 and less than 1.
  explicit Zipfian(uint64_t count, double exponent = kZipfExponent);

  // To `count` or more, by few at a time.
  void Grow(uint64_t count);
  uint64_t Next(Random* random) const;

 private:
  double Eta() const;

  double exponent_;
  uint64_t count_;
  double zeta_;
  double eta_;
};

// Zipfian ranks, spread over all numbers below `count` so that likely ones are no neighbours. As
// YCSB's ScrambledZipfianGenerator: ranks of ten thousand million, hashed with FNV-1a, modulo
// `count`. So the shares do not depend on `count`: the likeliest number has 3.8 %.
class ScrambledZipfian {
 public:
  static constexpr uint64_t kRanks = 10'000'000'000;

  explicit ScrambledZipfian(uint64_t count) : count_(count) {}
  uint64_t Next(Random* random) const;

 private:
  const uint64_t count_;
  const Zipfian ranks_{kRanks};
};

}  // namespace smile::bench
