#include "client/smilecat/output_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/number_text.h"

namespace smile::cat {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kPermissions = 07777;

Status CannotWrite(const std::string& path, const Status& why) {
  return {Code::kInvalid, fmt::format("cannot write {}: {}", path, why.message())};
}

// What a path stands for.
struct ResolvedPath {
  std::string target;   // with symbolic links followed, also a last one that leads to no file yet
  int descriptor = -1;  // of this process that it names instead, as /dev/stdout does
};

ResolvedPath Resolve(const std::string& path) {
  constexpr int kMaxLinks = 40;  // as the kernel's
  std::error_code error;
  const fs::path own_descriptors = fs::canonical("/proc/self/fd", error);
  fs::path at = path;
  for (int links = 0; links < kMaxLinks && fs::is_symlink(at, error); ++links) {
    const fs::path parent = at.has_parent_path() ? at.parent_path() : fs::path(".");
    if (!own_descriptors.empty() && fs::weakly_canonical(parent, error) == own_descriptors) {
      const Result<uint64_t> number = ReadInteger(at.filename().string(), 0, INT_MAX);
      if (number.ok()) return {path, static_cast<int>(*number)};
    }
    const fs::path next = fs::read_symlink(at, error);
    if (error) break;
    at = next.is_absolute() ? next : parent / next;
  }
  return {at.string()};
}

// Signals that would end the process wait while this exists.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~SignalsHeld() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::Create(const std::string& path, FileAccess access) {
  auto [target, descriptor] = Resolve(path);
  if (descriptor >= 0) {
    const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return CannotWrite(path, SystemError());
    auto file = std::unique_ptr<OutputFile>(new OutputFile(path, std::move(target), copy, nullptr));
    file->begun_ = true;  // what was written to it before stays
    return file;
  }
  const int there = ::open(target.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (there < 0 && errno != ENOENT) return CannotWrite(path, SystemError());
  struct stat info = {};
  const bool is_file = there < 0 || (::fstat(there, &info) == 0 && S_ISREG(info.st_mode));
  std::unique_ptr<SideFile> side;
  if (is_file) {
    Result<std::unique_ptr<SideFile>> created = SideFile::Create(target, access);
    if (created.ok()) side = std::move(*created);
    if (!created.ok() && there < 0) return CannotWrite(path, created.status());
  }
  return std::unique_ptr<OutputFile>(
      new OutputFile(path, std::move(target), there, std::move(side)));
}

OutputFile::~OutputFile() {
  if (there_ >= 0) ::close(there_);
}

void OutputFile::Remove() const {
  if (side_ != nullptr) side_->Remove();
}

Status OutputFile::Named(const Status& status) const {
  return status.ok() ? status : CannotWrite(path_, status);
}

Status OutputFile::Write(ByteView bytes) {
  buffer_.append(bytes);
  return buffer_.size() < limits::kReadBufferBytes ? Status() : Named(Flush());
}

Status OutputFile::Flush() {
  const int to = side_ != nullptr ? side_->descriptor() : there_;
  // A file that is written to directly keeps its content until there is new content.
  if (!begun_ && side_ == nullptr && ::ftruncate(there_, 0) != 0 && errno != EINVAL) {
    return SystemError();
  }
  begun_ = true;
  SMILE_TRY(WriteAll(to, buffer_));
  buffer_.clear();
  return {};
}

Status OutputFile::Commit() {
  SMILE_TRY(Named(Flush()));
  return Named(Publish());
}

Status OutputFile::Publish() {
  if (side_ == nullptr) {
    // A pipe or a device cannot be synced.
    return ::fsync(there_) == 0 || errno == EINVAL || errno == EROFS ? Status() : SystemError();
  }
  if (::fsync(side_->descriptor()) != 0) return SystemError();
  if (there_ < 0) {
    // Another process may have created one in the meantime.
    return side_->LinkAs(target_).ok() ? Status() : side_->ReplaceAs(target_);
  }
  // A file that is a mount point of its own cannot be replaced.
  if (TakeAttributes() && side_->ReplaceAs(target_).ok()) return {};
  return Overwrite();
}

// False if a new file could not be like the existing one.
bool OutputFile::TakeAttributes() const {
  struct stat info = {};
  const int side = side_->descriptor();
  return ::fstat(there_, &info) == 0 && info.st_nlink <= 1 &&
         ::flistxattr(there_, nullptr, 0) <= 0 && ::fchown(side, info.st_uid, info.st_gid) == 0 &&
         ::fchmod(side, info.st_mode & kPermissions) == 0;
}

Status OutputFile::Overwrite() {
  const int side = side_->descriptor();
  if (::lseek(side, 0, SEEK_SET) != 0 || ::ftruncate(there_, 0) != 0) return SystemError();
  Bytes block(limits::kReadBufferBytes, '\0');
  while (true) {
    const ssize_t got = ::read(side, block.data(), block.size());
    if (got == 0) break;
    if (got < 0) return SystemError();
    SMILE_TRY(WriteAll(there_, ByteView(block).substr(0, static_cast<size_t>(got))));
  }
  return ::fsync(there_) == 0 ? Status() : SystemError();
}

Status OutputFile::WriteWhole(const std::string& path, ByteView bytes) {
  SMILE_ASSIGN(const std::unique_ptr<OutputFile> file, OutputFile::Create(path));
  std::optional<SignalsHeld> held;
  if (file->side_ != nullptr) held.emplace();
  SMILE_TRY(file->Write(bytes));
  return file->Commit();
}

}  // namespace smile::cat
