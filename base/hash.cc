#include "base/hash.h"

#define XXH_STATIC_LINKING_ONLY  // for the definition of XXH3_state_t
#include <xxhash.h>
#if defined(__x86_64__)
// Makes the functions choose the code for the processor's vectors (AVX2, AVX-512) when they run.
#include <xxh_x86dispatch.h>
#endif

#include <algorithm>
#include <random>

namespace smile {

uint64_t Hash64(ByteView bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

uint64_t Hash64(ByteView first, ByteView second) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, first.data(), first.size());
  XXH3_64bits_update(&state, second.data(), second.size());
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
  XXH3_64bits_update(&state_->xxh3, bytes.data(), bytes.size());
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
