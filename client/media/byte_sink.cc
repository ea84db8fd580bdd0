#include "client/media/byte_sink.h"

#include <unistd.h>
#include <cerrno>
#include <system_error>

#include "client/media/own_thread.h"

namespace smile {
namespace {

Status WriteTo(int descriptor, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t result = write(descriptor, bytes.data(), bytes.size());
    if (result < 0) {
      if (errno == EINTR) continue;
      const Code code = errno == ENOSPC ? Code::kNoSpace : Code::kInvalid;
      return {code, "cannot write the content: " + std::system_category().message(errno)};
    }
    bytes.remove_prefix(static_cast<size_t>(result));
  }
  return {};
}

}  // namespace

class MemorySink::Impl {
 public:
  explicit Impl(Bytes* out) : out_(out) {}

  Task<Status> Write(ByteView bytes) {
    return thread_.Run<Status>([this, bytes]() -> Status {
      out_->append(bytes);
      return {};
    });
  }

 private:
  Bytes* const out_;
  OwnThread thread_;
};

MemorySink::MemorySink(Bytes* out) : impl_(std::make_unique<Impl>(out)) {}
MemorySink::~MemorySink() = default;
Task<Status> MemorySink::Write(ByteView bytes) {
  return impl_->Write(bytes);
}

class FileSink::Impl {
 public:
  explicit Impl(int descriptor) : descriptor_(descriptor) {}

  Task<Status> Write(ByteView bytes) {
    return thread_.Run<Status>([this, bytes] { return WriteTo(descriptor_, bytes); });
  }

 private:
  const int descriptor_;
  OwnThread thread_;
};

FileSink::FileSink(int descriptor) : impl_(std::make_unique<Impl>(descriptor)) {}
FileSink::~FileSink() = default;
Task<Status> FileSink::Write(ByteView bytes) {
  return impl_->Write(bytes);
}

}  // namespace smile
