#include "storage/content/disk_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/check.h"
#include "base/limits.h"

namespace smile {
namespace {

constexpr mode_t kPrivateFile = 0600;
constexpr mode_t kPrivateDirectory = 0700;

Status DiskError(const char* what) {
  const int error = errno;
  if (error == ENOSPC || error == EDQUOT) {
    return {Code::kNoSpace, "the server's disk is full", limits::kNoSpaceRetryMillis};
  }
  if (error == ENOENT) return {Code::kNotFound, "no such file"};
  return {Code::kStorageFailed, std::string("cannot ") + what + ": " + std::strerror(error)};
}

}  // namespace

Result<DiskFile> DiskFile::Open(const std::string& path, int flags) {
  const int descriptor = open(path.c_str(), flags | O_CLOEXEC, kPrivateFile);
  if (descriptor < 0) return DiskError("open a file");
  return DiskFile(descriptor);
}

Result<DiskFile> DiskFile::Create(const std::string& path) {
  return Open(path, O_RDWR | O_CREAT | O_EXCL);
}

Result<DiskFile> DiskFile::OpenToWrite(const std::string& path) {
  return Open(path, O_RDWR);
}

Result<DiskFile> DiskFile::OpenToRead(const std::string& path) {
  return Open(path, O_RDONLY);
}

DiskFile& DiskFile::operator=(DiskFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

DiskFile::~DiskFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

Status DiskFile::ReadAt(uint64_t offset, size_t size, char* bytes) const {
  CHECK(descriptor_ >= 0);
  while (size > 0) {
    const ssize_t count = pread(descriptor_, bytes, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return DiskError("read a file");
    if (count == 0) return {Code::kCorrupt, "a file is shorter than it was"};
    bytes += count;
    size -= static_cast<size_t>(count);
    offset += static_cast<uint64_t>(count);
  }
  return {};
}

Status DiskFile::ReadAt(uint64_t offset, Bytes* head, Bytes* rest) const {
  std::array<iovec, 2> parts = {iovec{head->data(), head->size()},
                                iovec{rest->data(), rest->size()}};
  const ssize_t count =
      preadv(descriptor_, parts.data(), static_cast<int>(parts.size()), static_cast<off_t>(offset));
  const size_t done = count < 0 ? 0 : static_cast<size_t>(count);
  if (done == head->size() + rest->size()) return {};
  // Rare: an error, an interruption, or the end of the file.
  SMILE_TRY(ReadAt(offset, head->size(), head->data()));
  return ReadAt(offset + head->size(), rest->size(), rest->data());
}

bool DiskFile::TryReadAt(uint64_t offset, size_t size, char* bytes) const {
  const iovec part{bytes, size};
  return preadv2(descriptor_, &part, 1, static_cast<off_t>(offset), RWF_NOWAIT) ==
         static_cast<ssize_t>(size);
}

Status DiskFile::WriteAt(uint64_t offset, ByteView bytes) const {
  CHECK(descriptor_ >= 0);
  while (!bytes.empty()) {
    const ssize_t count =
        pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return DiskError("write a file");
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  return {};
}

Result<uint64_t> DiskFile::Size() const {
  struct stat info {};
  if (fstat(descriptor_, &info) != 0) return DiskError("read the size of a file");
  return static_cast<uint64_t>(info.st_size);
}

Result<uint64_t> DiskFile::AllocatedBytes() const {
  constexpr uint64_t kStatBlockBytes = 512;
  struct stat info {};
  if (fstat(descriptor_, &info) != 0) return DiskError("read the size of a file");
  return static_cast<uint64_t>(info.st_blocks) * kStatBlockBytes;
}

Status DiskFile::Truncate(uint64_t size) const {
  return ftruncate(descriptor_, static_cast<off_t>(size)) == 0 ? Status() : DiskError("cut a file");
}

Status DiskFile::PunchHole(uint64_t offset, uint64_t size) const {
  constexpr int kMode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  const int result =
      fallocate(descriptor_, kMode, static_cast<off_t>(offset), static_cast<off_t>(size));
  return result == 0 ? Status() : DiskError("free a part of a file");
}

Result<std::optional<uint64_t>> DiskFile::NextData(uint64_t offset) const {
  const off_t data = lseek(descriptor_, static_cast<off_t>(offset), SEEK_DATA);
  if (data >= 0) return std::optional<uint64_t>(data);
  if (errno == ENXIO) return std::optional<uint64_t>();
  return DiskError("look for data in a file");
}

Status DiskFile::Sync() const {
  return fdatasync(descriptor_) == 0 ? Status() : DiskError("sync a file");
}

void DiskFile::StartSync(uint64_t offset, uint64_t size) const {
  // An error shows up in Sync().
  sync_file_range(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(size),
                  SYNC_FILE_RANGE_WRITE);
}

void DiskFile::ExpectRandomReads() const {
  (void)posix_fadvise(descriptor_, 0, 0, POSIX_FADV_RANDOM);
}

Status MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), kPrivateDirectory) == 0 || errno == EEXIST) return {};
  return DiskError("create a directory");
}

Status SyncDirectory(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return DiskError("open a directory");
  Status status = fsync(descriptor) == 0 ? Status() : DiskError("sync a directory");
  close(descriptor);
  return status;
}

Status RenameFile(const std::string& from, const std::string& to) {
  return rename(from.c_str(), to.c_str()) == 0 ? Status() : DiskError("rename a file");
}

Status RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return DiskError("remove a file");
}

bool FileExists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

Result<std::vector<std::string>> NamesIn(const std::string& path) {
  std::vector<std::string> names;
  DIR* const directory = opendir(path.c_str());
  if (directory == nullptr && errno == ENOENT) return names;
  if (directory == nullptr) return DiskError("read a directory");
  for (const dirent* entry = readdir(directory); entry != nullptr; entry = readdir(directory)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

Result<DiskSize> SizeOfDisk(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) return DiskError("read the free space of the disk");
  return DiskSize{.free_bytes = uint64_t{info.f_bavail} * info.f_frsize,
                  .bytes = uint64_t{info.f_blocks} * info.f_frsize};
}

}  // namespace smile
