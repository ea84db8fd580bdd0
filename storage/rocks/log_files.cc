#include "storage/rocks/log_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/result.h"
#include "storage/rocks/log_scan.h"

namespace smile {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// A group of more bytes is not followed by zeros.
constexpr uint64_t kMostBytesBeforeZeros = uint64_t{128} << 10;

bool IsLog(const std::string& path) {
  return path.ends_with(".log");
}

// By the number in the name, which is padded with zeros while it is small.
bool IsLater(const std::string& log, const std::string& other) {
  return log.size() != other.size() ? log.size() > other.size() : log > other;
}

// RocksDB appends and syncs; the underlying file is written at offsets.
class ZeroedLog final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  explicit ZeroedLog(std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), zeros_(kLogZeroBytes, '\0') {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = target()->PositionedAppend(data, end_, options, debug);
    if (!status.ok()) return status;
    end_ += data.size();
    unsynced_bytes_ += data.size();
    if (end_ <= zeroed_end_) return status;
    // Writing so much takes longer than what the zeros would save.
    if (unsynced_bytes_ > kMostBytesBeforeZeros) return status;
    // They are synced together with the data that went past the previous zeros. If they cannot be
    // written, the next syncs only take longer.
    (void)target()->PositionedAppend(zeros_, end_, options, debug);
    zeroed_end_ = end_ + zeros_.size();
    CHECK(zeroed_end_ > end_, "zeros are written after the data");
    return status;
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*verification*/,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    unsynced_bytes_ = 0;
    return target()->Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    unsynced_bytes_ = 0;
    return target()->Fsync(options, debug);
  }
  uint64_t GetFileSize(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return end_;
  }
  // The zeros allocate the space.
  void PrepareWrite(size_t /*offset*/, size_t /*size*/, const IOOptions& /*options*/,
                    IODebugContext* /*debug*/) override {}
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    IOStatus cut = target()->Truncate(end_, options, debug);
    IOStatus closed = target()->Close(options, debug);
    return cut.ok() ? closed : cut;
  }

 private:
  const std::string zeros_;
  uint64_t end_ = 0;
  uint64_t zeroed_end_ = 0;
  uint64_t unsynced_bytes_ = 0;
};

// Counts what was found in the logs, and how much of them has been read.
class ReplayCounts {
 public:
  explicit ReplayCounts(OpenProgress* progress) : progress_(progress) {}

  // Before the first log is read: `bytes` of all logs in the directory will be read.
  void Begin(uint64_t bytes) const {
    if (progress_ != nullptr) progress_->bytes_to_read = bytes;
  }
  // RocksDB opens a log twice; it is counted once.
  void Found(const std::string& path, const LogScan& scan) {
    if (progress_ == nullptr || !seen_.insert(path).second) return;
    if (scan.writes == 0) return;
    progress_->logs += 1;
    progress_->log_bytes += scan.end;
    progress_->writes += scan.writes;
  }
  void Read(uint64_t bytes) const {
    if (progress_ != nullptr) progress_->bytes_read += bytes;
  }
  bool begun() const { return progress_ == nullptr || !seen_.empty(); }

 private:
  OpenProgress* const progress_;
  std::set<std::string> seen_;  // used by the opening thread
};

// A file that ends before its real end.
class CutFile final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  CutFile(std::unique_ptr<rocksdb::FSSequentialFile> file, uint64_t end, const ReplayCounts& counts)
      : FSSequentialFileOwnerWrapper(std::move(file)), counts_(counts), left_(end) {}

  IOStatus Read(size_t size, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    IOStatus status =
        target()->Read(std::min<uint64_t>(size, left_), options, result, scratch, debug);
    if (!status.ok()) return status;
    CHECK(result->size() <= left_);
    left_ -= result->size();
    counts_.Read(result->size());
    return status;
  }
  IOStatus Skip(uint64_t size) override {
    const uint64_t skipped = std::min(size, left_);
    left_ -= skipped;
    return target()->Skip(skipped);
  }

 private:
  const ReplayCounts& counts_;
  uint64_t left_;
};

class LogFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  LogFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base, bool accept_damage,
                OpenProgress* progress)
      : FileSystemWrapper(base), accept_damage_(accept_damage), counts_(progress) {}

  const char* Name() const override { return "smile.LogFileSystem"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* debug) override {
    IOStatus status = target()->NewWritableFile(path, options, file, debug);
    if (status.ok() && IsLog(path)) *file = std::make_unique<ZeroedLog>(std::move(*file));
    return status;
  }

  IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             IODebugContext* debug) override {
    IOStatus status = target()->NewSequentialFile(path, options, file, debug);
    if (!status.ok() || !IsLog(path)) return status;
    const Result<LogScan> scan = Scan(path);
    if (!scan.ok()) return IOStatus::IOError(path, scan.status().message());
    if (!counts_.begun()) counts_.Begin(BytesToRead(path));
    counts_.Found(path, *scan);
    if (scan->behind == LogScan::Behind::kRecords) {
      if (accept_damage_) return status;
      return IOStatus::Corruption(fmt::format("{} is damaged after byte {}", path, scan->end));
    }
    if (scan->behind == LogScan::Behind::kTorn && !accept_damage_ && LaterLogHasRecords(path)) {
      return IOStatus::Corruption(
          fmt::format("{} ends in a partial record, at byte {}", path, scan->end));
    }
    *file = std::make_unique<CutFile>(std::move(*file), scan->end, counts_);
    return status;
  }

  // RocksDB uses it to check that a log is as long as it was when the next one was begun. It may
  // have counted a partial record then, cut off by a full disk. Damage that is accepted is neither
  // measured nor cut.
  IOStatus GetFileSize(const std::string& path, const IOOptions& options, uint64_t* size,
                       IODebugContext* debug) override {
    IOStatus status = target()->GetFileSize(path, options, size, debug);
    if (!status.ok() || !IsLog(path) || accept_damage_) return status;
    const Result<LogScan> scan = Scan(path);
    if (!scan.ok()) return IOStatus::IOError(path, scan.status().message());
    if (scan->behind == LogScan::Behind::kNothing) *size = scan->end;
    return status;
  }

 private:
  Result<LogScan> Scan(const std::string& path) {
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    const IOStatus opened = target()->NewSequentialFile(path, {}, &file, nullptr);
    if (!opened.ok()) return Status(Code::kStorageFailed, opened.ToString());
    return ScanLog(file.get());
  }

  // Of all logs in the directory of `log`: once, or twice if RocksDB first checks that they are
  // complete.
  uint64_t BytesToRead(const std::string& log) {
    const std::filesystem::path directory = std::filesystem::path(log).parent_path();
    std::vector<std::string> names;
    if (!target()->GetChildren(directory, {}, &names, nullptr).ok()) return 0;
    uint64_t sum = 0;
    for (const std::string& name : names) {
      uint64_t size = 0;
      if (IsLog(name) && target()->GetFileSize(directory / name, {}, &size, nullptr).ok()) {
        sum += size;
      }
    }
    return accept_damage_ ? sum : 2 * sum;
  }

  // A log that cannot be read counts: RocksDB will report it.
  bool LaterLogHasRecords(const std::string& path) {
    const std::filesystem::path log(path);
    std::vector<std::string> names;
    if (!target()->GetChildren(log.parent_path(), {}, &names, nullptr).ok()) return true;
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      if (!IsLog(name) || !IsLater(name, log.filename())) return false;
      const Result<LogScan> scan = Scan(log.parent_path() / name);
      return !scan.ok() || scan->end > 0 || scan->behind != LogScan::Behind::kNothing;
    });
  }

  const bool accept_damage_;
  ReplayCounts counts_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> MakeLogFileSystem(
    const std::shared_ptr<rocksdb::FileSystem>& base, bool accept_damage, OpenProgress* progress) {
  return std::make_shared<LogFileSystem>(base, accept_damage, progress);
}

}  // namespace smile
