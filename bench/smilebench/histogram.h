// Latencies in a fixed 36 KB, each known to better than 1 %.
//
// Log-linear buckets as in HdrHistogram (Gil Tene, https://hdrhistogram.org): below 256 ns every
// nanosecond has its bucket; above, each power of two is cut into 128 equal ones.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace smile::bench {

// A percentile and how it is called.
struct NamedPercent {
  double percent;
  std::string_view name;
};

class Histogram {
 public:
  // Longer ones (73 minutes) are counted as this.
  static constexpr uint64_t kMaxNanos = (uint64_t{1} << 42) - 1;

  // Negative ones are counted as 0.
  void Add(int64_t nanos) { AddMany(nanos, 1); }
  // `count` latencies, evenly spread from `shortest` to `longest`. Bounded work for any count.
  void AddEvenly(int64_t shortest, int64_t longest, uint64_t count);
  void Add(const Histogram& other);

  uint64_t count() const { return count_; }
  uint64_t min() const { return count_ == 0 ? 0 : min_; }
  uint64_t max() const { return max_; }
  double mean() const;

  // The smallest latency that `percent` (0 to 100) of all do not exceed, rounded up to the end of
  // its bucket but never over max(). 0 if there are none.
  uint64_t Percentile(double percent) const;

 private:
  static constexpr unsigned kLinearBits = 8;
  static constexpr size_t kLinear = size_t{1} << kLinearBits;
  static constexpr size_t kHalf = kLinear / 2;
  static constexpr size_t kBuckets = kLinear + (42 - kLinearBits) * kHalf;

  void AddMany(int64_t nanos, uint64_t count);
  static size_t BucketOf(uint64_t nanos);
  static uint64_t LastOf(size_t bucket);

  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
  double sum_ = 0;
  uint64_t min_ = UINT64_MAX;
  uint64_t max_ = 0;
};

}  // namespace smile::bench
