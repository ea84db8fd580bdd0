#include "storage/rocks/version_reader.h"

#include <algorithm>
#include <array>

#include "storage/record_format.h"

namespace smile {

void VersionReader::Read(std::vector<Wanted>* wanted) {
  std::vector<Wanted*> not_cached;
  for (Wanted& one : *wanted) {
    if (!FindInCache(&one)) not_cached.push_back(&one);
  }
  std::vector<Wanted*> missing;
  for (size_t begin = 0; begin < not_cached.size(); begin += kMultiGetKeys) {
    const size_t count = std::min(kMultiGetKeys, not_cached.size() - begin);
    FindInMemory(std::span(not_cached).subspan(begin, count), &missing);
  }
  if (!missing.empty()) ReadFromDisk(missing);
}

bool VersionReader::FindInCache(Wanted* wanted) {
  RecordCache::Ticket ticket;
  const auto show = [&](const RecordView& record) { wanted->version = record.version; };
  return cache_->Find(cache_->KeyOf(wanted->key.table, wanted->key.encoded), *clock_, show,
                      &ticket) != RecordCache::Found::kNothing;
}

// Up to kMultiGetKeys. As storage/rocks/memory_reader.h says, only two answers are believed.
void VersionReader::FindInMemory(std::span<Wanted* const> wanted, std::vector<Wanted*>* missing) {
  std::array<TableKeyView, kMultiGetKeys> keys;
  std::array<rocksdb::PinnableSlice, kMultiGetKeys> values;
  std::array<rocksdb::Status, kMultiGetKeys> statuses;
  for (size_t i = 0; i < wanted.size(); ++i) {
    keys[i] = {wanted[i]->key.table, wanted[i]->key.encoded};
  }
  rocksdb::ReadOptions in_memory;
  in_memory.read_tier = rocksdb::kBlockCacheTier;
  MultiGetAtOnce(*database_, in_memory, {keys.data(), wanted.size()}, values.data(),
                 statuses.data());
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (statuses[i].ok()) {
      Set(wanted[i], ByteView(values[i].data(), values[i].size()));
    } else if (statuses[i].IsNotFound()) {
      Set(wanted[i], Status(Code::kNotFound, ""));
    } else if (wanted[i]->unread != nullptr) {
      Set(wanted[i], *wanted[i]->unread);
    } else {
      missing->push_back(wanted[i]);
    }
  }
}

void VersionReader::ReadFromDisk(const std::vector<Wanted*>& wanted) {
  disk_reads_.fetch_add(wanted.size(), std::memory_order_relaxed);
  std::vector<EncodedTableKey> keys;
  for (const Wanted* one : wanted) keys.push_back(one->key);
  MultiGet(*database_, keys, [&](size_t i, const Result<ByteView>& stored) {
    Set(wanted[i], stored);
    return true;
  });
}

void VersionReader::Set(Wanted* wanted, const Result<ByteView>& stored) const {
  if (!stored.ok()) {
    if (stored.status().code() != Code::kNotFound) wanted->error = stored.status();
    return;
  }
  const Result<RecordView> record = ParseRecord(*stored);
  if (!record.ok()) {
    wanted->error = record.status();
  } else if (!record->ExpiredAt(clock_->WallMillis())) {
    wanted->version = record->version;
  }
}

}  // namespace smile
