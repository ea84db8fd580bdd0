#include "bench/smilebench/photos.h"

#include <cmath>

#include "bench/smilebench/random.h"

namespace smile::bench {
namespace {

constexpr uint64_t kSizeSeed = uint64_t{1} << 63;  // so that sizes and bytes are unrelated

}  // namespace

size_t Photos::SizeOf(uint64_t number) {
  const double share = static_cast<double>(Random(number ^ kSizeSeed).Next()) / 0x1p64;
  const double ratio = static_cast<double>(kMaxPhotoBytes) / static_cast<double>(kMinPhotoBytes);
  return static_cast<size_t>(static_cast<double>(kMinPhotoBytes) * std::pow(ratio, share));
}

}  // namespace smile::bench
