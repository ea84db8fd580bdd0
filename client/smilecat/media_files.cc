#include "client/smilecat/media_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "client/media/own_thread.h"
#include "client/smilecat/input_file.h"

namespace smile::cat {
namespace {

namespace fs = std::filesystem;

// A pipe: it is read only when it has bytes, so that Ctrl-C ends it.
class PipeSource final : public ByteSource {
 public:
  PipeSource(std::unique_ptr<InputFile> file, std::function<bool()> stopped)
      : file_(std::move(file)) {
    file_->SetWaiting([stopped = std::move(stopped)] { return !stopped(); });
  }

  Task<Result<Bytes>> Read(size_t size) override {
    return thread_.Run<Result<Bytes>>([this, size] { return ReadNow(size); });
  }

 private:
  Result<Bytes> ReadNow(size_t size) {
    while (rest_.size() < size) {
      SMILE_ASSIGN(const ByteView block, file_->ReadBlock());
      if (block.empty()) return std::exchange(rest_, {});
      rest_.append(block);
    }
    Bytes next = rest_.substr(0, size);
    rest_.erase(0, size);
    return next;
  }

  const std::unique_ptr<InputFile> file_;
  Bytes rest_;
  OwnThread thread_;
};

void FindInFolder(const fs::path& folder, std::vector<MediaFile>* files,
                  const MediaFileHooks& hooks) {
  std::error_code error;
  std::vector<MediaFile> found;
  size_t others = 0;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_symlink(ignored) || !entry->is_regular_file(ignored)) {
      if (entry->is_symlink(ignored) || !entry->is_directory(ignored)) ++others;
      continue;
    }
    found.push_back({.path = entry->path().string(),
                     .name = entry->path().lexically_relative(folder).string(),
                     .size = entry->file_size(ignored)});
  }
  if (error) hooks.complain(fmt::format("{}: {}", folder.string(), error.message()));
  if (others > 0) {
    hooks.note(
        fmt::format("{}: links and special files are not sent ({} here)", folder.string(), others));
  }
  std::sort(found.begin(), found.end(),
            [](const MediaFile& a, const MediaFile& b) { return a.path < b.path; });
  std::move(found.begin(), found.end(), std::back_inserter(*files));
}

}  // namespace

std::vector<MediaFile> FindMediaFiles(const std::vector<std::string>& items,
                                      const MediaFileHooks& hooks) {
  std::vector<MediaFile> files;
  for (const std::string& item : items) {
    std::error_code error;
    const fs::file_status status = fs::status(item, error);
    if (item == "-") {
      files.push_back({.path = item});
    } else if (!fs::exists(status)) {
      hooks.complain(
          fmt::format("{}: {}", item, error ? error.message() : "No such file or directory"));
    } else if (fs::is_directory(status)) {
      FindInFolder(item, &files, hooks);
    } else {
      MediaFile file{.path = item, .name = fs::path(item).filename().string()};
      if (fs::is_regular_file(status)) file.size = fs::file_size(item, error);
      files.push_back(std::move(file));
    }
  }
  return files;
}

Result<std::unique_ptr<MediaInput>> MediaInput::Open(const std::string& path,
                                                     std::function<bool()> stopped) {
  std::unique_ptr<MediaInput> input(new MediaInput());
  struct stat info = {};
  if (path != "-" && ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
    input->descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (input->descriptor_ < 0 || ::fstat(input->descriptor_, &info) != 0) {
      return Status(Code::kInvalid, std::system_category().message(errno));
    }
    input->size_ = static_cast<uint64_t>(info.st_size);
    input->mtime_ns_ = int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
    input->source_ = std::make_unique<FileSource>(input->descriptor_);
    return input;
  }
  SMILE_ASSIGN(std::unique_ptr<InputFile> file, InputFile::Open(path));
  input->source_ = std::make_unique<PipeSource>(std::move(file), std::move(stopped));
  return input;
}

MediaInput::~MediaInput() {
  source_.reset();
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace smile::cat
