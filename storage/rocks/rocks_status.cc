#include "storage/rocks/rocks_status.h"

namespace smile {
namespace {

constexpr uint32_t kStalledRetryMillis = 100;

}  // namespace

bool IsDamage(const rocksdb::Status& status) {
  return status.IsCorruption() || status.IsPathNotFound();
}

Status StatusOfRead(const rocksdb::Status& status) {
  if (status.IsCorruption()) {
    return {Code::kCorrupt, "a block of the file that holds it does not match its checksum"};
  }
  if (status.IsPathNotFound()) {
    return {Code::kCorrupt, "the file that holds it is missing"};
  }
  return {Code::kStorageFailed, "the server's disk cannot be read: its log says more"};
}

Status StatusOfWrite(const rocksdb::Status& status) {
  // With no_slowdown RocksDB answers so instead of waiting for compactions.
  if (status.IsIncomplete()) {
    return {Code::kOverloaded, "the disk does not keep up with the writes", kStalledRetryMillis};
  }
  return {Code::kOutcomeUnknown, "the write failed on its way to the server's disk"};
}

}  // namespace smile
