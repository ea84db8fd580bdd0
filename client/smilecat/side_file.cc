#include "client/smilecat/side_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace smile::cat {
namespace {

constexpr mode_t ModeOf(FileAccess access) {
  return access == FileAccess::kOwner ? 0600 : 0666;
}

std::string DirectoryOf(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

}  // namespace

Status SystemError() {
  return {Code::kInvalid, std::strerror(errno)};
}

Status WriteAll(int descriptor, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return SystemError();
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

void SyncDirectoryOf(const std::string& path) {
  const int descriptor = ::open(DirectoryOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

Result<std::unique_ptr<SideFile>> SideFile::Create(const std::string& path, FileAccess access,
                                                   Kind kind) {
  std::string name = fmt::format("{}.{}.tmp", path, ::getpid());
  int descriptor = -1;
  bool named = false;
  if (kind == Kind::kUnnamedIfPossible) {
    descriptor = ::open(DirectoryOf(path).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, ModeOf(access));
  }
  if (descriptor < 0) {
    ::unlink(name.c_str());  // of a process that had this number and was killed
    descriptor =
        ::open(name.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, ModeOf(access));
    named = true;
  }
  if (descriptor < 0) return SystemError();
  return std::unique_ptr<SideFile>(new SideFile(descriptor, std::move(name), named));
}

SideFile::~SideFile() {
  Remove();
  ::close(descriptor_);
}

void SideFile::Remove() const {
  if (named_) ::unlink(name_.c_str());
}

int SideFile::Link(const std::string& path) const {
  if (named_) return ::link(name_.c_str(), path.c_str());
  const std::string self = fmt::format("/proc/self/fd/{}", descriptor_);
  return ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW);
}

Status SideFile::LinkAs(const std::string& path) {
  if (Link(path) != 0) return SystemError();
  Remove();
  named_ = false;
  SyncDirectoryOf(path);
  return {};
}

Status SideFile::ReplaceAs(const std::string& path) {
  if (!named_) {
    ::unlink(name_.c_str());  // of a process that had this number and was killed
    if (Link(name_) != 0) return SystemError();
    named_ = true;
  }
  if (std::rename(name_.c_str(), path.c_str()) != 0) return SystemError();
  named_ = false;
  SyncDirectoryOf(path);
  return {};
}

}  // namespace smile::cat
