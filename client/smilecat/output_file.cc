#include "client/smilecat/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace smile::cat {
namespace {

namespace fs = std::filesystem;

// A rename is durable when its directory is. Some file systems cannot sync one: then it is not, and
// nothing can be done about it.
void SyncDirectoryOf(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  const std::string directory = parent.empty() ? "." : parent.string();
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::Create(const std::string& path) {
  std::error_code error;
  const fs::file_status there = fs::status(path, error);
  const bool by_rename = !fs::exists(there) || fs::is_regular_file(there);
  std::string name = path;
  if (by_rename && fs::is_symlink(path, error)) {
    if (fs::path target = fs::weakly_canonical(path, error); !error) name = std::move(target);
  }
  std::string beside = by_rename ? fmt::format("{}.{}.tmp", name, ::getpid()) : std::string();
  std::FILE* const file = std::fopen(by_rename ? beside.c_str() : name.c_str(), "wbe");
  if (file == nullptr) {
    return Status(Code::kInvalid, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }
  return std::unique_ptr<OutputFile>(new OutputFile(std::move(name), std::move(beside), file));
}

OutputFile::~OutputFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  if (!beside_.empty()) ::unlink(beside_.c_str());
}

Status OutputFile::Failed(const char* what) const {
  return {Code::kInvalid, fmt::format("cannot {} {}: {}", what, path_, std::strerror(errno))};
}

Status OutputFile::Write(ByteView bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) return Failed("write");
  return {};
}

Status OutputFile::Commit() {
  if (std::fflush(file_) != 0) return Failed("write");
  if (beside_.empty()) {
    std::fclose(file_);
    file_ = nullptr;
    return {};
  }
  if (::fsync(::fileno(file_)) != 0) return Failed("write");
  if (::rename(beside_.c_str(), path_.c_str()) != 0) return Failed("rename to");
  std::fclose(file_);
  file_ = nullptr;
  SyncDirectoryOf(path_);
  return {};
}

Status ReplaceFile(const std::string& path, ByteView bytes) {
  SMILE_ASSIGN(const std::unique_ptr<OutputFile> file, OutputFile::Create(path));
  SMILE_TRY(file->Write(bytes));
  return file->Commit();
}

}  // namespace smile::cat
