#include "client/media/byte_source.h"

#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <system_error>

#include "client/media/own_thread.h"

namespace smile {
namespace {

Result<Bytes> ReadFrom(int descriptor, size_t size) {
  Bytes bytes(size, '\0');
  size_t got = 0;
  while (got < size) {
    const ssize_t result = read(descriptor, bytes.data() + got, size - got);
    if (result == 0) break;
    if (result < 0) {
      if (errno == EINTR) continue;
      return Status(Code::kInvalid,
                    "cannot read the content: " + std::system_category().message(errno));
    }
    got += static_cast<size_t>(result);
  }
  bytes.resize(got);
  return bytes;
}

}  // namespace

class MemorySource::Impl {
 public:
  explicit Impl(ByteView bytes) : rest_(bytes) {}

  Task<Result<Bytes>> Read(size_t size) {
    return thread_.Run<Result<Bytes>>([this, size]() -> Result<Bytes> {
      const ByteView next = rest_.substr(0, size);
      rest_.remove_prefix(next.size());
      return Bytes(next);
    });
  }

 private:
  ByteView rest_;
  OwnThread thread_;
};

MemorySource::MemorySource(ByteView bytes) : impl_(std::make_unique<Impl>(bytes)) {}
MemorySource::~MemorySource() = default;
Task<Result<Bytes>> MemorySource::Read(size_t size) {
  return impl_->Read(size);
}

class FileSource::Impl {
 public:
  explicit Impl(int descriptor) : descriptor_(descriptor) {}

  Task<Result<Bytes>> Read(size_t size) {
    return thread_.Run<Result<Bytes>>([this, size] { return ReadFrom(descriptor_, size); });
  }

 private:
  const int descriptor_;
  OwnThread thread_;
};

FileSource::FileSource(int descriptor) : impl_(std::make_unique<Impl>(descriptor)) {}
FileSource::~FileSource() = default;
Task<Result<Bytes>> FileSource::Read(size_t size) {
  return impl_->Read(size);
}

}  // namespace smile
