#include "client/smilecat/new_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "client/smilecat/side_file.h"

namespace smile::cat {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;

Status Failed(std::string_view what, const std::string& path) {
  return {Code::kInvalid, fmt::format("cannot {} {}: {}", what, path, SystemError().message())};
}

Status SyncFolder(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return Failed("sync", path);
  const bool synced = ::fsync(descriptor) == 0 || errno == EINVAL;
  Status status = synced ? Status() : Failed("sync", path);
  ::close(descriptor);
  return status;
}

// With symbolic links followed, and without a slash at the end.
std::string TargetOf(const std::string& path) {
  std::error_code error;
  const fs::path target = fs::weakly_canonical(path, error);
  std::string text = error ? path : target.string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

}  // namespace

Result<std::unique_ptr<NewFolder>> NewFolder::Create(const std::string& path) {
  const std::string target = TargetOf(path);
  std::error_code error;
  if (fs::exists(target, error) &&
      !(fs::is_directory(target, error) && fs::is_empty(target, error))) {
    return Status(Code::kInvalid,
                  fmt::format("{} exists and is not an empty folder: name a new one", path));
  }
  std::string temporary = fmt::format("{}.{}.tmp", target, ::getpid());
  if (::mkdir(temporary.c_str(), kFolderMode) != 0) return Failed("create", temporary);
  return std::unique_ptr<NewFolder>(new NewFolder(target, std::move(temporary)));
}

NewFolder::~NewFolder() {
  Remove();
}

Status NewFolder::MakeFolder(const std::string& name) const {
  return ::mkdir(PathOf(name).c_str(), kFolderMode) == 0 ? Status()
                                                         : Failed("create", PathOf(name));
}

Status NewFolder::Commit() {
  for (const fs::directory_entry& entry : fs::directory_iterator(temporary_)) {
    if (entry.is_directory()) SMILE_TRY(SyncFolder(entry.path().string()));
  }
  SMILE_TRY(SyncFolder(temporary_));
  // Replaces an empty folder, and nothing else.
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) return Failed("create", path_);
  committed_ = true;
  SyncDirectoryOf(path_);
  return {};
}

void NewFolder::Remove() const {
  // Other threads may still create files in it.
  constexpr int kTries = 100;
  std::error_code ignored;
  for (int i = 0; i < kTries && !committed_ && fs::exists(temporary_, ignored); ++i) {
    fs::remove_all(temporary_, ignored);
  }
}

Result<std::unique_ptr<NewFile>> NewFile::Create(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, kFileMode);
  if (descriptor < 0) return Failed("create", path);
  return std::unique_ptr<NewFile>(new NewFile(path, descriptor));
}

NewFile::~NewFile() {
  ::close(descriptor_);
}

Status NewFile::Write(ByteView bytes) {
  hash_.Update(bytes);
  buffer_.append(bytes);
  return buffer_.size() < limits::kReadBufferBytes ? Status() : Flush();
}

Status NewFile::Flush() {
  const Status written = WriteAll(descriptor_, buffer_);
  buffer_.clear();
  if (written.ok()) return {};
  return {Code::kInvalid, fmt::format("cannot write {}: {}", path_, written.message())};
}

Status NewFile::Finish() {
  SMILE_TRY(Flush());
  return ::fsync(descriptor_) == 0 ? Status() : Failed("write", path_);
}

}  // namespace smile::cat
