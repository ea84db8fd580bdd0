#include "base/hash.h"

#include <xxhash.h>

namespace smile {

uint64_t Hash64(ByteView bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace smile
