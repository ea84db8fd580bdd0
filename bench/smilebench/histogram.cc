#include "bench/smilebench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace smile::bench {
namespace {

// AddEvenly approximates by this many latencies: finer than the buckets are.
constexpr uint64_t kMaxSteps = 4096;

}  // namespace

size_t Histogram::BucketOf(uint64_t nanos) {
  if (nanos < kLinear) return nanos;
  const auto shift = static_cast<size_t>(std::bit_width(nanos)) - kLinearBits;
  return kLinear + (shift - 1) * kHalf + ((nanos >> shift) - kHalf);
}

uint64_t Histogram::LastOf(size_t bucket) {
  if (bucket < kLinear) return bucket;
  const size_t shift = (bucket - kLinear) / kHalf + 1;
  const uint64_t top = (bucket - kLinear) % kHalf + kHalf;
  return ((top + 1) << shift) - 1;
}

void Histogram::AddMany(int64_t nanos, uint64_t count) {
  const uint64_t value = std::min(nanos < 0 ? 0 : static_cast<uint64_t>(nanos), kMaxNanos);
  buckets_[BucketOf(value)] += count;
  count_ += count;
  sum_ += static_cast<double>(value) * static_cast<double>(count);
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Histogram::AddEvenly(int64_t shortest, int64_t longest, uint64_t count) {
  CHECK(shortest <= longest);
  const uint64_t steps = std::min(count, kMaxSteps);
  for (uint64_t step = 0; step < steps; ++step) {
    const double part = steps == 1 ? 1 : static_cast<double>(step) / static_cast<double>(steps - 1);
    const double offset = part * static_cast<double>(longest - shortest);
    AddMany(shortest + static_cast<int64_t>(offset), count / steps + (step < count % steps));
  }
}

void Histogram::Add(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double Histogram::mean() const {
  return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

uint64_t Histogram::Percentile(double percent) const {
  const double wanted = std::ceil(percent / 100 * static_cast<double>(count_));
  const auto rank = std::clamp<uint64_t>(static_cast<uint64_t>(wanted), 1, count_ | 1);
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(LastOf(i), max_);
  }
  CHECK(count_ == 0, "the buckets add up to the count");
  return 0;
}

}  // namespace smile::bench
