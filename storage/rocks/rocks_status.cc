#include "storage/rocks/rocks_status.h"

namespace smile {
namespace {

constexpr uint32_t kStalledRetryMillis = 100;

}  // namespace

Status StatusOfRead(const rocksdb::Status& status) {
  if (status.IsCorruption()) {
    return {Code::kCorrupt, "a block of the file that holds it does not match its checksum"};
  }
  return {Code::kStorageFailed, "the server's disk cannot be read: its log says more"};
}

Status StatusOfWrite(const rocksdb::Status& status) {
  // With no_slowdown RocksDB answers so instead of waiting for compactions.
  if (status.IsIncomplete()) {
    return {Code::kOverloaded, "the disk does not keep up with the writes", kStalledRetryMillis};
  }
  // RocksDB gives a severity to the error that it stopped for, and answers with it before it writes
  // anything. The write that first met the error has none, and may have reached the disk.
  if (status.severity() == rocksdb::Status::kNoError) {
    return {Code::kOutcomeUnknown, "the write failed on its way to the server's disk"};
  }
  if (status.IsNoSpace()) return {Code::kNoSpace, "the server's disk is full", kNoSpaceRetryMillis};
  return {Code::kStorageFailed, "writing stopped after an error of the server's disk"};
}

}  // namespace smile
