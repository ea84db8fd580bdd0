#include "tests/storage/fault_file_system.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <utility>

#include "tests/storage/read_fault_file.h"

namespace smile::testing {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class FaultFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultFile(FaultFileSystem* system, std::string path,
            std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), system_(system), path_(std::move(path)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    IOStatus status = system_->BeforeAppend(path_, data.size());
    return status.ok() ? FSWritableFileOwnerWrapper::Append(data, options, debug) : status;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*verification*/,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus PositionedAppend(const rocksdb::Slice& data, uint64_t offset, const IOOptions& options,
                            IODebugContext* debug) override {
    IOStatus status = system_->BeforeWriteAt(path_, offset, data.size());
    if (!status.ok()) return status;
    return FSWritableFileOwnerWrapper::PositionedAppend(data, offset, options, debug);
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = system_->BeforeTruncate(path_, size);
    return status.ok() ? FSWritableFileOwnerWrapper::Truncate(size, options, debug) : status;
  }
  IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return system_->BeforeSync(path_);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }
  IOStatus RangeSync(uint64_t /*offset*/, uint64_t /*bytes*/, const IOOptions& /*options*/,
                     IODebugContext* /*debug*/) override {
    return IOStatus::OK();  // promises nothing
  }

 private:
  FaultFileSystem* const system_;
  const std::string path_;
};

class FaultDirectory final : public rocksdb::FSDirectory {
 public:
  FaultDirectory(FaultFileSystem* system, std::string path)
      : system_(system), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return system_->BeforeSyncOfDirectory(path_);
  }
  IOStatus Close(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }

 private:
  FaultFileSystem* const system_;
  const std::string path_;
};

constexpr size_t kSectorBytes = 512;

// Puts some of the old sectors back, in the order opposite to that in which they were overwritten.
void Tear(const std::string& path, const std::vector<Overwritten>& overwritten,
          std::mt19937_64* random) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (auto part = overwritten.rbegin(); part != overwritten.rend(); ++part) {
    for (size_t at = 0; at < part->bytes.size();) {
      const uint64_t offset = part->offset + at;
      const size_t left_in_sector = kSectorBytes - offset % kSectorBytes;
      const size_t size = std::min(left_in_sector, part->bytes.size() - at);
      if ((*random)() % 2 == 0) {
        file.seekp(static_cast<std::streamoff>(offset))
            .write(part->bytes.data() + at, static_cast<std::streamsize>(size));
      }
      at += size;
    }
  }
}

std::string Normal(const std::string& path) {
  return std::filesystem::path(path).lexically_normal().string();
}

}  // namespace

IOStatus FullDisk(const std::string& path) {
  IOStatus status = IOStatus::NoSpace(path, "No space left on device");
  status.SetRetryable(true);  // as RocksDB's own file system says it
  return status;
}

void FaultFileSystem::LieInSyncs() {
  const std::lock_guard lock(mutex_);
  lies_ = true;
}

void FaultFileSystem::PowerCutAtSync(uint64_t n) {
  const std::lock_guard lock(mutex_);
  cut_at_sync_ = syncs_ + n;
}

void FaultFileSystem::FailSyncs(const std::string& ending, const IOStatus& fault) {
  const std::lock_guard lock(mutex_);
  sync_fault_ = fault;
  failing_ending_ = ending;
}

void FaultFileSystem::FailReads(const std::string& ending, const IOStatus& fault) {
  const std::lock_guard lock(mutex_);
  read_fault_ = fault;
  unreadable_ending_ = ending;
}

void FaultFileSystem::SetFull(bool full) {
  const std::lock_guard lock(mutex_);
  full_ = full;
}

void FaultFileSystem::SetFullFor(const std::string& beginning) {
  const std::lock_guard lock(mutex_);
  full_beginning_ = beginning;
}

void FaultFileSystem::SetDiskBytes(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  disk_bytes_ = bytes;
}

bool FaultFileSystem::was_full() const {
  const std::lock_guard lock(mutex_);
  return was_full_;
}

uint64_t FaultFileSystem::UsedBytes() const {
  uint64_t used = 0;
  for (const auto& [path, file] : files_) used += file.size;
  return used;
}

void FaultFileSystem::FailCall(uint64_t n, const IOStatus& fault, bool lasting) {
  const std::lock_guard lock(mutex_);
  calls_ = 0;
  failing_call_ = n;
  fault_ = fault;
  fault_lasts_ = lasting;
}

void FaultFileSystem::EndFaults() {
  const std::lock_guard lock(mutex_);
  failing_call_ = 0;
}

uint64_t FaultFileSystem::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void FaultFileSystem::SetFreeBytes(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  free_bytes_ = bytes;
}

void FaultFileSystem::ApplyPowerCut(uint64_t seed) {
  const std::lock_guard lock(mutex_);
  std::mt19937_64 random(seed);
  for (auto& [path, file] : files_) {
    std::error_code ignored;
    if (!file.in_synced_directory) {
      std::filesystem::remove(path, ignored);
      continue;
    }
    const uint64_t kept =
        std::uniform_int_distribution<uint64_t>(file.synced_size, file.size)(random);
    std::filesystem::resize_file(path, kept, ignored);
    Tear(path, file.overwritten, &random);
  }
  files_.clear();
  lies_ = cut_ = full_ = false;
  cut_at_sync_ = 0;
  failing_ending_.clear();
}

bool FaultFileSystem::power_is_cut() const {
  const std::lock_guard lock(mutex_);
  return cut_;
}

uint64_t FaultFileSystem::syncs_of_logs() const {
  const std::lock_guard lock(mutex_);
  return syncs_of_logs_;
}

bool FaultFileSystem::EntryIsSynced(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return synced_entries_.contains(Normal(path));
}

IOStatus FaultFileSystem::Fault() {
  ++calls_;
  if (failing_call_ != 0 && (calls_ == failing_call_ || (fault_lasts_ && calls_ > failing_call_))) {
    return fault_;
  }
  return cut_ ? IOStatus::IOError("the power is off") : IOStatus::OK();
}

IOStatus FaultFileSystem::BeforeAppend(const std::string& path, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const bool is_full =
      full_ || (!full_beginning_.empty() &&
                std::filesystem::path(path).filename().string().starts_with(full_beginning_));
  if (is_full) return FullDisk(path);
  if (disk_bytes_ != 0 && UsedBytes() + bytes > disk_bytes_) {
    was_full_ = true;
    return FullDisk(path);
  }
  IOStatus status = Fault();
  if (status.ok()) files_[path].size += bytes;
  return status;
}

// What is overwritten is lost in sectors, if it is lost.
IOStatus FaultFileSystem::BeforeWriteAt(const std::string& path, uint64_t offset, uint64_t bytes) {
  IOStatus status = BeforeAppend(path, 0);
  if (!status.ok()) return status;
  const std::lock_guard lock(mutex_);
  File& file = files_[path];
  const uint64_t end = offset + bytes;
  if (offset < file.synced_size) {
    std::string old(std::min(end, file.synced_size) - offset, '\0');
    std::ifstream(path, std::ios::binary)
        .seekg(static_cast<std::streamoff>(offset))
        .read(old.data(), static_cast<std::streamsize>(old.size()));
    file.overwritten.push_back({offset, std::move(old)});
  }
  file.size = std::max(file.size, end);
  return status;
}

IOStatus FaultFileSystem::BeforeTruncate(const std::string& path, uint64_t size) {
  const std::lock_guard lock(mutex_);
  IOStatus status = Fault();
  if (!status.ok()) return status;
  File& file = files_[path];
  file.size = size;
  file.synced_size = std::min(file.synced_size, size);
  file.overwritten.clear();  // only logs are written at offsets, and cut where their records end
  return status;
}

IOStatus FaultFileSystem::BeforeSync(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (++syncs_ == cut_at_sync_) cut_ = true;
  syncs_of_logs_ += path.ends_with(".log") ? 1 : 0;
  if (!failing_ending_.empty() && path.ends_with(failing_ending_)) {
    return sync_fault_;
  }
  IOStatus status = Fault();
  if (status.ok() && !lies_) {
    files_[path].synced_size = files_[path].size;
    files_[path].overwritten.clear();
  }
  return status;
}

IOStatus FaultFileSystem::BeforeSyncOfDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  IOStatus status = Fault();
  if (!status.ok() || lies_) return status;
  if (!failing_ending_.empty() && path.ends_with(failing_ending_)) return sync_fault_;
  for (auto& [file_path, file] : files_) {
    if (std::filesystem::path(file_path).parent_path() == path) file.in_synced_directory = true;
  }
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
    synced_entries_.insert(Normal(entry.path()));
  }
  return status;
}

IOStatus FaultFileSystem::NewWritableFile(const std::string& path,
                                          const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* file,
                                          IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSWritableFile> real;
  {
    const std::lock_guard lock(mutex_);
    if (IOStatus status = Fault(); !status.ok()) return status;
    files_[Normal(path)] = File();
  }
  IOStatus status = FileSystemWrapper::NewWritableFile(path, options, &real, debug);
  if (status.ok()) *file = std::make_unique<FaultFile>(this, Normal(path), std::move(real));
  return status;
}

IOStatus FaultFileSystem::NewDirectory(const std::string& path, const IOOptions& /*options*/,
                                       std::unique_ptr<rocksdb::FSDirectory>* directory,
                                       IODebugContext* /*debug*/) {
  std::string name = Normal(path);
  if (name.ends_with('/')) name.pop_back();
  *directory = std::make_unique<FaultDirectory>(this, name);
  return IOStatus::OK();
}

IOStatus FaultFileSystem::NewSequentialFile(const std::string& path,
                                            const rocksdb::FileOptions& options,
                                            std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                            IODebugContext* debug) {
  {
    const std::lock_guard lock(mutex_);
    if (IOStatus status = Fault(); !status.ok()) return status;
  }
  return FileSystemWrapper::NewSequentialFile(path, options, file, debug);
}

IOStatus FaultFileSystem::NewRandomAccessFile(const std::string& path,
                                              const rocksdb::FileOptions& options,
                                              std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                              IODebugContext* debug) {
  {
    const std::lock_guard lock(mutex_);
    if (IOStatus status = Fault(); !status.ok()) return status;
  }
  IOStatus status = FileSystemWrapper::NewRandomAccessFile(path, options, file, debug);
  if (status.ok())
    *file = std::make_unique<ReadFaultFile>([this, path] { return BeforeRead(path); },
                                            std::move(*file));
  return status;
}

IOStatus FaultFileSystem::BeforeRead(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return unreadable_ending_.empty() || !path.ends_with(unreadable_ending_) ? IOStatus::OK()
                                                                           : read_fault_;
}

// A rename is taken to be safe once it is done: file systems order it behind the sync of the file.
IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to,
                                     const IOOptions& options, IODebugContext* debug) {
  {
    const std::lock_guard lock(mutex_);
    if (IOStatus status = Fault(); !status.ok()) return status;
    const auto found = files_.find(Normal(from));
    if (found != files_.end()) {
      File file = found->second;
      file.in_synced_directory = true;
      files_.erase(found);
      files_[Normal(to)] = file;
    }
  }
  return FileSystemWrapper::RenameFile(from, to, options, debug);
}

IOStatus FaultFileSystem::DeleteFile(const std::string& path, const IOOptions& options,
                                     IODebugContext* debug) {
  {
    const std::lock_guard lock(mutex_);
    if (IOStatus status = Fault(); !status.ok()) return status;
    files_.erase(Normal(path));
  }
  return FileSystemWrapper::DeleteFile(path, options, debug);
}

IOStatus FaultFileSystem::GetFreeSpace(const std::string& path, const IOOptions& options,
                                       uint64_t* bytes, IODebugContext* debug) {
  {
    const std::lock_guard lock(mutex_);
    *bytes = free_bytes_;
    if (free_bytes_ != ~uint64_t{0}) return IOStatus::OK();
    if (disk_bytes_ != 0) {
      *bytes = disk_bytes_ - std::min(disk_bytes_, UsedBytes());
      return IOStatus::OK();
    }
  }
  return FileSystemWrapper::GetFreeSpace(path, options, bytes, debug);
}

}  // namespace smile::testing
