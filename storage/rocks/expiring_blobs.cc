#include "storage/rocks/expiring_blobs.h"

#include <algorithm>
#include <limits>
#include <string>

#include "base/bytes.h"
#include "base/check.h"
#include "base/coding.h"

namespace smile {
namespace {

constexpr char kKey[] = "earliest_blob_expiry";
constexpr uint64_t kNever = std::numeric_limits<int64_t>::max();

}  // namespace

void ExpiringBlobs::Load(rocksdb::DB* db) {
  std::string stored;
  const rocksdb::Status status = db->Get({}, db->DefaultColumnFamily(), kKey, &stored);
  stored_ = 0;  // if it cannot be read, any blob may have expired
  if (status.IsNotFound()) stored_ = kNever;
  if (status.ok() && stored.size() == sizeof(stored_))
    stored_ = LoadLittle<uint64_t>(stored.data());
  earliest_.store(stored_, std::memory_order_release);
}

bool ExpiringBlobs::Note(uint64_t expires_ms, rocksdb::DB* db, rocksdb::WriteBatch* batch) {
  if (expires_ms >= stored_) return false;
  CHECK(expires_ms != 0, "0 stands for no expiry time");
  // In memory even if the batch is not written.
  earliest_.store(std::min(expires_ms, earliest_.load(std::memory_order_relaxed)),
                  std::memory_order_release);
  Bytes stored;
  AppendLittle(&stored, expires_ms);
  const rocksdb::Status status =
      batch->Put(db->DefaultColumnFamily(), kKey, rocksdb::Slice(stored.data(), stored.size()));
  CHECK(status.ok(), "a batch in memory accepts every entry");
  return true;
}

}  // namespace smile
