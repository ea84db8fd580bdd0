#include "client/smilecat/input_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/limits.h"

namespace smile::cat {
namespace {

constexpr int kWaitingMillis = 200;

}  // namespace

Result<std::unique_ptr<InputFile>> InputFile::Open(const std::string& path) {
  const bool is_stdin = path == "-";
  const int descriptor = is_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return Status(Code::kInvalid, fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  }
  std::unique_ptr<InputFile> file(new InputFile(is_stdin ? "standard input" : path, descriptor));
  struct stat info = {};
  if (::fstat(descriptor, &info) != 0 || S_ISDIR(info.st_mode)) {
    return Status(Code::kInvalid, fmt::format("{} is not a file", file->name()));
  }
  if (S_ISREG(info.st_mode)) file->size_ = static_cast<uint64_t>(info.st_size);
  return file;
}

InputFile::~InputFile() {
  if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

Status InputFile::Seek(uint64_t offset) {
  if (!size_.has_value() || offset > *size_ ||
      ::lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET) < 0) {
    return {Code::kInvalid,
            fmt::format("{} cannot be read from byte {} on: it is not a file of that size", name_,
                        offset)};
  }
  return {};
}

Status InputFile::WaitForBytes() const {
  if (!waiting_ || size_.has_value()) return {};
  pollfd ready{.fd = descriptor_, .events = POLLIN};
  while (::poll(&ready, 1, kWaitingMillis) == 0) {
    if (!waiting_()) return {Code::kUnavailable, "reading was given up"};
  }
  return {};
}

Result<size_t> InputFile::ReadInto(size_t offset) {
  SMILE_TRY(WaitForBytes());
  block_.resize(limits::kReadBufferBytes);
  ssize_t got = 0;
  do {
    got = ::read(descriptor_, block_.data() + offset, block_.size() - offset);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    return Status(Code::kInvalid, fmt::format("{}: cannot read: {}", name_, std::strerror(errno)));
  }
  return static_cast<size_t>(got);
}

Result<ByteView> InputFile::ReadBlock() {
  SMILE_ASSIGN(const size_t size, ReadInto(0));
  return ByteView(block_).substr(0, size);
}

Result<ByteView> InputFile::ReadFirstBlock() {
  ByteView block;
  size_t more = 0;
  do {
    SMILE_ASSIGN(more, ReadInto(block.size()));
    block = ByteView(block_).substr(0, block.size() + more);
  } while (more > 0 && block.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(block));
  if (block.starts_with("\xff\xfe") || block.starts_with("\xfe\xff")) {
    return Status(Code::kInvalid,
                  fmt::format("{}: is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8", name_));
  }
  return block;
}

}  // namespace smile::cat
