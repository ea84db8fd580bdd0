#include "bench/smilebench/zipf.h"

#include <algorithm>
#include <cmath>

namespace smile::bench {
namespace {

constexpr uint64_t kSummedOneByOne = 10'000;

uint64_t Fnv1a(uint64_t number) {
  uint64_t hash = 0xcbf29ce484222325;
  for (int shift = 0; shift < 64; shift += 8) {
    hash ^= (number >> shift) & 0xff;
    hash *= 0x100000001b3;
  }
  return hash;
}

}  // namespace

double Zeta(uint64_t count, double exponent) {
  const uint64_t head = std::min(count, kSummedOneByOne);
  double sum = 0;
  for (uint64_t i = head; i > 0; --i) sum += std::pow(static_cast<double>(i), -exponent);
  if (count == head) return sum;
  const auto from = static_cast<double>(head);
  const auto to = static_cast<double>(count);
  const double integral =
      (std::pow(to, 1 - exponent) - std::pow(from, 1 - exponent)) / (1 - exponent);
  return sum + integral + (std::pow(to, -exponent) - std::pow(from, -exponent)) / 2;
}

Zipfian::Zipfian(uint64_t count, double exponent)
    : exponent_(exponent), count_(count), zeta_(Zeta(count, exponent)), eta_(Eta()) {}

double Zipfian::Eta() const {
  const double two = 1 + std::pow(0.5, exponent_);
  return (1 - std::pow(2.0 / static_cast<double>(count_), 1 - exponent_)) / (1 - two / zeta_);
}

void Zipfian::Grow(uint64_t count) {
  if (count <= count_) return;
  while (count_ < count) zeta_ += std::pow(static_cast<double>(++count_), -exponent_);
  eta_ = Eta();
}

uint64_t Zipfian::Next(Random* random) const {
  const double uniform = static_cast<double>(random->Next() >> 11) * 0x1p-53;  // below 1
  const double in_zeta = uniform * zeta_;
  if (in_zeta < 1 || count_ == 1) return 0;
  if (in_zeta < 1 + std::pow(0.5, exponent_) || count_ == 2) return 1;
  const double share = std::pow(eta_ * uniform - eta_ + 1, 1 / (1 - exponent_));
  return std::min(static_cast<uint64_t>(static_cast<double>(count_) * share), count_ - 1);
}

uint64_t ScrambledZipfian::Next(Random* random) const {
  return Fnv1a(ranks_.Next(random)) % count_;
}

}  // namespace smile::bench
