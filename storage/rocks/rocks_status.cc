#include "storage/rocks/rocks_status.h"

#include "base/check.h"

namespace smile {
namespace {

constexpr uint32_t kStalledRetryMillis = 100;

}  // namespace

bool IsDamage(const rocksdb::Status& status) {
  return status.IsCorruption() || status.IsPathNotFound();
}

Status StatusOfRead(const rocksdb::Status& status) {
  CHECK(!status.ok());
  if (status.IsCorruption()) {
    return {Code::kCorrupt, "the record is damaged on the server's disk; restore it from a backup"};
  }
  if (status.IsPathNotFound()) {
    return {Code::kCorrupt,
            "the file of the record is missing on the server's disk; restore it from a backup"};
  }
  return {Code::kStorageFailed, "the server cannot read its disk; its operator must check its log"};
}

Status StatusOfWrite(const rocksdb::Status& status) {
  CHECK(!status.ok());
  // With no_slowdown RocksDB returns Incomplete instead of waiting for compactions.
  if (status.IsIncomplete()) {
    return {Code::kOverloaded, "the server's disk is too slow for the writes; retry later",
            kStalledRetryMillis};
  }
  return {Code::kOutcomeUnknown,
          "writing to the server's disk failed: the write may or may not have taken effect"};
}

}  // namespace smile
