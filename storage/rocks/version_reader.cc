#include "storage/rocks/version_reader.h"

#include "base/check.h"
#include "storage/record_format.h"

namespace smile {

CurrentRecord CurrentRecordOf(const RecordView& record) {
  return {.version = record.version,
          .expires_ms = record.expires_ms,
          .number = ParseNumber(record.value)};
}

void VersionReader::Read(std::vector<Wanted>* wanted) {
  std::vector<Wanted*> missing;
  for (Wanted& one : *wanted) {
    if (!FindInCache(&one) && !FindInMemory(&one)) missing.push_back(&one);
  }
  if (!missing.empty()) ReadFromDisk(missing);
}

bool VersionReader::FindInCache(Wanted* wanted) {
  RecordCache::Ticket ticket;
  const auto show = [&](const RecordView& record) { wanted->record = CurrentRecordOf(record); };
  return cache_->Find(cache_->KeyOf(wanted->key.table, wanted->key.encoded), *clock_, show,
                      &ticket) != RecordCache::Found::kNothing;
}

// Only two results of Get are trusted, see storage/rocks/memory_reader.h. Of a record in a table
// that is not open, it says that it is there, and the value is empty.
bool VersionReader::FindInMemory(Wanted* wanted) const {
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = database_->db()->Get(
      in_memory_, database_->family(wanted->key.table), wanted->key.encoded, &value);
  if (status.ok() && !value.empty()) {
    Set(wanted, ByteView(value.data(), value.size()));
  } else if (status.IsNotFound()) {
    Set(wanted, Status(Code::kNotFound, ""));
  } else if (wanted->unread != nullptr) {
    Set(wanted, *wanted->unread);
  } else {
    return false;
  }
  return true;
}

void VersionReader::ReadFromDisk(const std::vector<Wanted*>& wanted) {
  disk_reads_.fetch_add(wanted.size(), std::memory_order_relaxed);
  std::vector<EncodedTableKey> keys;
  keys.reserve(wanted.size());
  for (const Wanted* one : wanted) keys.push_back(one->key);
  MultiGet(*database_, keys, [&](size_t i, const Result<ByteView>& stored) {
    Set(wanted[i], stored);
    return true;
  });
}

void VersionReader::Set(Wanted* wanted, const Result<ByteView>& stored) const {
  CHECK(wanted->record.version == 0 && wanted->error.ok(), "a record is found once");
  if (!stored.ok()) {
    if (stored.status().code() != Code::kNotFound) wanted->error = stored.status();
    return;
  }
  const Result<RecordView> record = ParseRecord(*stored);
  if (!record.ok()) {
    wanted->error = record.status();
  } else if (!record->ExpiredAt(clock_->WallMillis())) {
    wanted->record = CurrentRecordOf(*record);
  }
}

}  // namespace smile
