#include "base/hash.h"

#define XXH_STATIC_LINKING_ONLY  // for the definition of XXH3_state_t
#include <xxhash.h>
#if defined(__x86_64__)
// The functions that choose the code for the processor's vectors (AVX2, AVX-512) when they run,
// beside those for every processor, not instead of them.
#define XXH_DISPATCH_DISABLE_REPLACE
#include <xxh_x86dispatch.h>
#endif

#include <algorithm>
#include <random>

namespace smile {
namespace {

// A change between wide and narrow instructions stalls the processor: for fewer bytes, that is more
// than wide instructions save (docs/decisions/0055-narrow-hashing-of-small-messages.md).
constexpr size_t kLeastWideBytes = 8 << 10;

void UpdateXxh3(XXH3_state_t* state, ByteView bytes) {
#if defined(__x86_64__)
  if (bytes.size() >= kLeastWideBytes) {
    XXH3_64bits_update_dispatch(state, bytes.data(), bytes.size());
    return;
  }
#endif
  XXH3_64bits_update(state, bytes.data(), bytes.size());
}

}  // namespace

uint64_t Hash64(ByteView bytes) {
#if defined(__x86_64__)
  if (bytes.size() >= kLeastWideBytes) return XXH3_64bits_dispatch(bytes.data(), bytes.size());
#endif
  return XXH3_64bits(bytes.data(), bytes.size());
}

uint64_t Hash64(ByteView first, ByteView second) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  UpdateXxh3(&state, first);
  UpdateXxh3(&state, second);
  return XXH3_64bits_digest(&state);
}

struct StreamHash::State {
  XXH3_state_t xxh3;
};

StreamHash::StreamHash() : state_(std::make_unique<State>()) {
  Reset();
}

StreamHash::~StreamHash() = default;

void StreamHash::Reset() {
  XXH3_64bits_reset(&state_->xxh3);
}

void StreamHash::Update(ByteView bytes) {
  UpdateXxh3(&state_->xxh3, bytes);
}

uint64_t StreamHash::Digest() const {
  return XXH3_64bits_digest(&state_->xxh3);
}

SecretHash::SecretHash() {
  std::random_device random;
  std::generate(secret_.begin(), secret_.end(), [&random] { return random(); });
}

SecretHash::SecretHash(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::generate(secret_.begin(), secret_.end(),
                [&random] { return static_cast<uint32_t>(random()); });
}

uint64_t SecretHash::operator()(ByteView bytes) const {
  static_assert(sizeof(secret_) >= XXH3_SECRET_SIZE_MIN);
  return XXH3_64bits_withSecret(bytes.data(), bytes.size(), secret_.data(), sizeof(secret_));
}

}  // namespace smile
