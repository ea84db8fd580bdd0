#include "bench/smilebench/descriptor.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace smile::bench {

Status FailedCall(const std::string& what) {
  const int error = errno;
  return {error == ENOENT ? Code::kNotFound : Code::kStorageFailed,
          what + ": " + std::generic_category().message(error)};
}

Status MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return FailedCall(path);
}

Status WriteAll(const Descriptor& descriptor, ByteView bytes, const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor.number(), bytes.data(), bytes.size());
    if (written < 0) return FailedCall(what);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace smile::bench
