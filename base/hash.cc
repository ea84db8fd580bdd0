#include "base/hash.h"

#define XXH_STATIC_LINKING_ONLY  // shows what the state of a hash in pieces is
#include <xxhash.h>

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

}  // namespace smile
