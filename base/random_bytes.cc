#include "base/random_bytes.h"

#include <sys/random.h>

#include <cerrno>

#include "base/check.h"

namespace smile {

Bytes RandomBytes(size_t count) {
  Bytes bytes(count, '\0');
  for (size_t filled = 0; filled < count;) {
    const ssize_t got = getrandom(bytes.data() + filled, count - filled, 0);
    CHECK(got > 0 || errno == EINTR, "the kernel has random bytes");
    if (got > 0) filled += static_cast<size_t>(got);
  }
  return bytes;
}

}  // namespace smile
