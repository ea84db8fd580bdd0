#include "base/secret.h"

#include <cstdint>
#include <cstring>

namespace smile {

void Wipe(Bytes* bytes) {
  explicit_bzero(bytes->data(), bytes->size());
  bytes->clear();
}

bool EqualInConstantTime(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  volatile uint8_t differs = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    differs =
        static_cast<uint8_t>(differs | (static_cast<uint8_t>(a[i]) ^ static_cast<uint8_t>(b[i])));
  }
  return differs == 0;
}

}  // namespace smile
