#include "bench/smilebench/noise.h"

#include "base/check.h"
#include "base/coding.h"
#include "bench/smilebench/random.h"

namespace smile::bench {
namespace {

constexpr size_t kNoiseBytes = size_t{8} << 20;
constexpr uint64_t kSeed = 0x7645;

Bytes MakeNoise() {
  Bytes noise;
  noise.reserve(kNoiseBytes);
  Random random(kSeed);
  while (noise.size() < kNoiseBytes) AppendLittle(&noise, random.Next());
  return noise;
}

size_t OffsetOf(uint64_t number) {
  return Random(number).Below(kNoiseBytes - kMaxNoiseBytes);
}

}  // namespace

Noise::Noise() : noise_(MakeNoise()) {}

void Noise::Make(uint64_t number, size_t size, Bytes* piece) const {
  CHECK(size >= sizeof(number) && size <= kMaxNoiseBytes);
  piece->clear();
  AppendLittle(piece, number);
  piece->append(noise_, OffsetOf(number), size - sizeof(number));
}

bool Noise::IsRight(uint64_t number, size_t size, ByteView piece) const {
  if (piece.size() != size || LoadLittle<uint64_t>(piece.data()) != number) return false;
  piece.remove_prefix(sizeof(number));
  return piece == ByteView(noise_).substr(OffsetOf(number), piece.size());
}

}  // namespace smile::bench
