#include "storage/rocks/compaction_room.h"

#include <string>
#include <utility>

#include "base/limits.h"

namespace smile {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr uint64_t kBytesBetweenLooks = uint64_t{1} << 20;

// A table or blob file. The I/O priority tells who writes it: a compaction writes at low priority;
// a flush at high priority, or, like a compaction that writers wait for, at user priority.
class TableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  TableFile(rocksdb::FileSystem* system, std::string path,
            std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), system_(system), path_(std::move(path)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = LookForRoom(data.size(), options, debug);
    return status.ok() ? target()->Append(data, options, debug) : status;
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* debug) override {
    IOStatus status = LookForRoom(data.size(), options, debug);
    return status.ok() ? target()->Append(data, options, verification, debug) : status;
  }

 private:
  IOStatus LookForRoom(uint64_t bytes, const IOOptions& options, IODebugContext* debug) {
    if (GetIOPriority() != rocksdb::Env::IO_LOW) return IOStatus::OK();
    if (bytes <= left_until_look_) {
      left_until_look_ -= bytes;
      return IOStatus::OK();
    }
    uint64_t free = 0;
    if (!system_->GetFreeSpace(path_, options, &free, debug).ok()) return IOStatus::OK();
    if (free < limits::kCompactionFreeDiskBytes + bytes) {
      return IOStatus::NoSpace(path_, "the remaining disk space is reserved for the log");
    }
    left_until_look_ = kBytesBetweenLooks;
    return IOStatus::OK();
  }

  rocksdb::FileSystem* const system_;
  const std::string path_;
  uint64_t left_until_look_ = 0;
};

class CompactionRoomFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "smile.CompactionRoomFileSystem"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* debug) override {
    IOStatus status = target()->NewWritableFile(path, options, file, debug);
    if (status.ok() && (path.ends_with(".sst") || path.ends_with(".blob"))) {
      *file = std::make_unique<TableFile>(target(), path, std::move(*file));
    }
    return status;
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> MakeCompactionRoomFileSystem(
    const std::shared_ptr<rocksdb::FileSystem>& base) {
  return std::make_shared<CompactionRoomFileSystem>(base);
}

}  // namespace smile
