#include "storage/rocks/rocks_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "base/progress.h"
#include "storage/rocks/private_tree.h"

namespace smile {
namespace {

constexpr std::string_view kFormatWords = "smile data, format ";
constexpr uint32_t kFormat = 1;

Status Refuse(std::string words) {
  return {Code::kStorageFailed, std::move(words)};
}

std::string Words(int error) {
  return std::generic_category().message(error);
}

Status SyncDirectory(rocksdb::Env* env, const std::string& path) {
  std::unique_ptr<rocksdb::Directory> directory;
  rocksdb::Status status = env->NewDirectory(path, &directory);
  if (status.ok()) status = directory->Fsync();
  if (status.ok()) return {};
  return Refuse(
      fmt::format("the directory {} cannot be synced to disk: {}", path, status.ToString()));
}

std::string ParentOf(const std::string& path) {
  const std::filesystem::path whole = std::filesystem::absolute(path).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).parent_path();
}

// A new directory is durable once its parent directory is synced.
Status MakeDirectory(rocksdb::Env* env, const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0) return SyncDirectory(env, ParentOf(path));
  const int error = errno;
  struct stat found = {};
  if (error == EEXIST && stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) return {};
  if (error == EEXIST) {
    return Refuse(fmt::format("{} is not a directory: give another path", path));
  }
  if (error == ENOENT) {
    return Refuse(fmt::format(
        "the data directory {} cannot be created: its parent directory is missing; create that "
        "first",
        path));
  }
  return Refuse(fmt::format("the data directory {} cannot be created: {}", path, Words(error)));
}

// The process that holds the lock, as it wrote itself; empty if that cannot be read.
std::string ReadHolder(int lock) {
  char text[32];
  const ssize_t size = pread(lock, text, sizeof(text), 0);
  std::string holder(text, size > 0 ? static_cast<size_t>(size) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder;
}

Result<int> Lock(const std::string& directory, DirectoryUse use) {
  const std::string path = directory + "/LOCK";
  int lock = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0 && errno == EROFS && use == DirectoryUse::kRead) {
    lock = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  if (lock < 0) {
    const std::string_view who = errno == EACCES || errno == EPERM ? " by this user" : "";
    return Refuse(fmt::format("{} cannot be written{}: {}", path, who, Words(errno)));
  }
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string holder = ReadHolder(lock);
    close(lock);
    if (error != EWOULDBLOCK) {
      return Refuse(fmt::format("{} cannot be locked: {}", path, Words(error)));
    }
    return Refuse(
        fmt::format("the data directory {} is in use by another smiled ({}): stop it or give "
                    "another directory",
                    directory, holder));
  }
  // For people only: the lock is held without it, also on a full or read-only disk.
  const std::string holder = fmt::format("process {}\n", getpid());
  if (pwrite(lock, holder.data(), holder.size(), 0) == static_cast<ssize_t>(holder.size())) {
    (void)ftruncate(lock, static_cast<off_t>(holder.size()));
  }
  return lock;
}

}  // namespace

Result<std::unique_ptr<RocksDirectory>> RocksDirectory::Open(const std::string& path,
                                                             rocksdb::Env* env, DirectoryUse use) {
  if (path.empty()) return Status(Code::kInvalid, "the path of the data directory is empty");
  SMILE_TRY(MakeDirectory(env, path));
  SMILE_ASSIGN(const int lock, Lock(path, use));
  std::unique_ptr<RocksDirectory> directory(new RocksDirectory(path, env, lock));
  SMILE_TRY(directory->CheckFormat());
  return directory;
}

// What others may access was created, copied or changed by somebody else. Without access to the
// directory itself nobody can reach what is in it, but that may be moved, or have another name.
void RocksDirectory::KeepPrivate(const Logger& log) const {
  KeepItselfPrivate(log);
  const PrivateTree tree = MakeTreePrivate(path_);
  if (tree.changed > 0) {
    log.Info(fmt::format("removed the access of other users to {} below {}, such as {}",
                         Counted(tree.changed, "file or directory", "files and directories"), path_,
                         tree.example));
  }
  if (tree.failed > 0) {
    log.Warning(fmt::format(
        "other users have access to {} below {}, and that cannot be changed: {}",
        Counted(tree.failed, "file or directory", "files and directories"), path_, tree.failure));
  }
}

void RocksDirectory::TellOfUnfinishedRepair(const Logger& log) const {
  if (!env_->FileExists(RepairMarkOf(path_)).ok()) return;
  log.Warning(
      fmt::format("a repair of {0} was interrupted, so links may be wrong and logins not listed; "
                  "stop smiled, and run `smiled repair {0}` again",
                  path_));
}

void RocksDirectory::KeepItselfPrivate(const Logger& log) const {
  struct stat found = {};
  if (stat(path_.c_str(), &found) != 0 || (found.st_mode & 0077) == 0) return;
  const auto before = static_cast<unsigned>(found.st_mode & 07777);
  if (chmod(path_.c_str(), found.st_mode & 07700) == 0) {
    log.Info(fmt::format("removed the access of other users to {}: its permissions were {:04o}",
                         path_, before));
  } else {
    log.Warning(fmt::format(
        "other users have access to {} (permissions {:04o}), and that cannot be changed: {}", path_,
        before, Words(errno)));
  }
}

RocksDirectory::~RocksDirectory() {
  close(lock_);  // which also releases the lock
}

Status RocksDirectory::CheckFormat() const {
  const std::string marker = path_ + "/FORMAT";
  std::string content;
  const rocksdb::Status read = rocksdb::ReadFileToString(env_, marker, &content);
  if (read.IsNotFound() || read.IsPathNotFound() || env_->FileExists(marker).IsNotFound()) {
    SMILE_TRY(CheckIsNew());
    return WriteDurably(
        "FORMAT", [](const std::string&) { return fmt::format("{}{}\n", kFormatWords, kFormat); });
  }
  if (!read.ok()) return Refuse(fmt::format("{} cannot be read: {}", marker, read.ToString()));

  uint32_t format = 0;
  const bool ours =
      content.starts_with(kFormatWords) &&
      std::from_chars(content.data() + kFormatWords.size(), content.data() + content.size(), format)
              .ec == std::errc() &&
      format > 0;
  if (!ours) {
    return Refuse(
        fmt::format("{} is damaged: it does not contain a format number; restore the "
                    "directory from a backup",
                    marker));
  }
  if (format > kFormat) {
    return Refuse(fmt::format(
        "the data in {} has format {}, but this smiled supports only formats up to {}: use a newer "
        "smiled",
        path_, format, kFormat));
  }
  return {};
}

// A directory without a format is used only if there is nothing else in it. (A process that died
// before it had written the format leaves LOCK and perhaps an unfinished file.)
Status RocksDirectory::CheckIsNew() const {
  std::vector<std::string> children;
  const rocksdb::Status status = env_->GetChildren(path_, &children);
  if (!status.ok()) return Refuse(fmt::format("{} cannot be read: {}", path_, status.ToString()));
  for (const std::string& child : children) {
    if (child == "." || child == ".." || child == "LOCK" || child == "FORMAT.new") continue;
    if (child == "lost+found") {
      return Refuse(
          fmt::format("{0} is the root of a file system (it contains {1}): give a directory in it, "
                      "such as {0}/data",
                      path_, child));
    }
    return Refuse(
        fmt::format("{} is not empty and is not a data directory of Smile (it contains {}): give "
                    "another directory",
                    path_, child));
  }
  return {};
}

Result<Watermark> RocksDirectory::ReadWatermark() const {
  const std::string path = path_ + "/WATERMARK";
  std::string line;
  const rocksdb::Status read = rocksdb::ReadFileToString(env_, path, &line);
  if (env_->FileExists(path).IsNotFound()) return Watermark();
  if (!read.ok()) return Refuse(fmt::format("{} cannot be read: {}", path, read.ToString()));
  const Result<Watermark> watermark = Watermark::Parse(line);
  if (watermark.ok()) return *watermark;
  return Refuse(fmt::format(
      "{} is damaged, so it is unknown whether acknowledged writes are missing: restore "
      "the directory from a backup, or start once with --accept-wal-loss",
      path));
}

bool RocksDirectory::OwnsWatermark(const Watermark& watermark) const {
  return watermark.written_as != FileIdentity() &&
         watermark.written_as == IdentityOf(path_ + "/WATERMARK");
}

Status RocksDirectory::WriteWatermark(uint64_t sequence, const Epoch& epoch) const {
  CHECK(epoch.begun() && epoch.base_sequence <= sequence);
  return WriteDurably("WATERMARK", [&](const std::string& path) {
    return Watermark{.sequence = sequence, .epoch = epoch, .written_as = IdentityOf(path)}.ToLine();
  });
}

Status RocksDirectory::EndEpoch() const {
  Result<Watermark> read = ReadWatermark();
  Watermark ended = read.ok() ? *read : Watermark();
  ended.written_as = {};
  return WriteDurably("WATERMARK", [&](const std::string&) { return ended.ToLine(); });
}

// A crash leaves either the complete old file or the complete new one.
Status RocksDirectory::WriteDurably(const std::string& name, ContentOf content) const {
  const std::string path = path_ + "/" + name;
  const std::string unfinished = path + ".new";
  std::unique_ptr<rocksdb::WritableFile> file;
  rocksdb::Status status = env_->NewWritableFile(unfinished, &file, rocksdb::EnvOptions());
  if (status.ok()) status = file->Append(content(unfinished));
  if (status.ok()) status = file->Sync();
  if (status.ok()) status = file->Close();
  if (status.ok()) status = env_->RenameFile(unfinished, path);
  if (status.ok()) return Sync();
  if (status.IsNoSpace()) {
    uint64_t free = 0;
    (void)env_->GetFreeSpace(path_, &free);
    return {Code::kNoSpace,
            fmt::format("{} cannot be written: the disk is full ({} bytes are free, a start needs "
                        "at least {}); free some space",
                        path, free, limits::kStartFreeDiskBytes)};
  }
  return Refuse(fmt::format("{} cannot be written: {}", path, status.ToString()));
}

Status RocksDirectory::Sync() const {
  return SyncDirectory(env_, path_);
}

Status RocksDirectory::SyncSubdirectory(const std::string& path) const {
  CHECK(path.starts_with(path_ + "/"));
  return SyncDirectory(env_, path);
}

}  // namespace smile
