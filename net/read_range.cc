#include "net/read_range.h"

#include <unistd.h>
#include <cerrno>

namespace smile {

std::optional<Bytes> ReadRange(const FileRange& range) {
  Bytes bytes(range.size, '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = pread(range.descriptor, bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(range.offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    done += static_cast<size_t>(count);
  }
  return bytes;
}

}  // namespace smile
