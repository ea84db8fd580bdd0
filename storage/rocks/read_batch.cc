#include "storage/rocks/read_batch.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "storage/key_encoding.h"
#include "storage/record_format.h"
#include "storage/rocks/multi_get.h"

namespace smile {

ReadBatch::ReadBatch(const RocksDatabase* database, RecordCache* cache, const Clock* clock,
                     ValueSizes* sizes, std::vector<PendingRead>* reads)
    : database_(database), cache_(cache), clock_(clock), sizes_(sizes), reads_(reads) {
  Encode();
  JoinSameKeys();
}

void ReadBatch::Encode() {
  std::vector<size_t> ends;
  for (PendingRead& read : *reads_) {
    // Keys that are not answered otherwise did not fit.
    read.reply.assign(read.request.keys.size(), Status(Code::kTooLarge, ""));
    for (size_t i = 0; i < read.request.keys.size(); ++i) {
      encoded_.append(EncodedKey(read.request.keys[i].view()).view());
      ends.push_back(encoded_.size());
      wanted_.push_back({.read = &read, .index = i, .same_after = kNone, .fetched_before = false});
    }
  }
  size_t begin = 0;
  for (size_t i = 0; i < wanted_.size(); ++i) {
    const Table table = wanted_[i].read->request.keys[wanted_[i].index].table;
    keys_.push_back(cache_->KeyOf(table, ByteView(encoded_).substr(begin, ends[i] - begin)));
    begin = ends[i];
  }
  CHECK(begin == encoded_.size() && keys_.size() == wanted_.size());
  CHECK(wanted_.size() < kNone);
}

// Chains the Wanteds of the same key to the first of them. (Another key with the same hash between
// them may prevent that; then the key is fetched twice.)
void ReadBatch::JoinSameKeys() {
  std::vector<std::pair<uint64_t, uint32_t>> by_hash;
  for (uint32_t i = 0; i < keys_.size(); ++i) by_hash.emplace_back(keys_[i].hash(), i);
  std::sort(by_hash.begin(), by_hash.end());
  for (size_t i = 1; i < by_hash.size(); ++i) {
    const uint32_t before = by_hash[i - 1].second, after = by_hash[i].second;
    if (keys_[before].table() != keys_[after].table()) continue;
    if (keys_[before].encoded() != keys_[after].encoded()) continue;
    CHECK(before < after && wanted_[before].same_after == kNone, "chains go forward");
    wanted_[before].same_after = after;
    wanted_[after].fetched_before = true;
  }
}

// Fetches as many keys at a time as RocksDB looks up together, but not more bytes of values than a
// few replies carry: most may no longer be needed once the first are there.
size_t ReadBatch::Run(FunctionRef<bool()> stop) {
  size_t fetched = 0;
  uint64_t bytes = 0;
  std::vector<uint32_t> leaders;
  for (uint32_t i = 0; i < wanted_.size(); ++i) {
    if (wanted_[i].fetched_before) continue;
    const uint64_t expected = sizes_->Expected(keys_[i].table());
    if (!leaders.empty() &&
        (leaders.size() == kMultiGetKeys || bytes + expected > limits::kMaxFetchValueBytes)) {
      Fetch(leaders);
      fetched += leaders.size();
      leaders.clear();
      bytes = 0;
      EndUnwanted(stop());
    }
    if (!IsNeeded(i, expected)) continue;
    leaders.push_back(i);
    bytes += expected;
  }
  Fetch(leaders);
  return fetched + leaders.size();
}

void ReadBatch::EndUnwanted(bool stop) {
  const int64_t now = clock_->MonotonicNanos();
  for (PendingRead& read : *reads_) {
    if (!read.ended.ok()) continue;
    read.ended = stop ? Status(Code::kShuttingDown, "the storage is closing")
                      : MayRead(read.request.call, now);
  }
}

// Whether a read that wants this key has room for it. A read that is refused here may still get it,
// if another needs it and it turns out to be small.
bool ReadBatch::IsNeeded(uint32_t wanted, uint64_t expected_bytes) {
  bool needed = false;
  for (uint32_t i = wanted; i != kNone && !needed; i = wanted_[i].same_after) {
    PendingRead& read = *wanted_[i].read;
    if (read.full || !read.ended.ok()) continue;
    const ReadMemory* const memory = read.wants_values ? read.request.call.memory.get() : nullptr;
    needed = memory == nullptr || !memory->WouldReject(expected_bytes);
    if (!needed) read.reply[wanted_[i].index] = NoMemoryForResult();
  }
  return needed;
}

// Takes the tickets first: what is read must not be older than they are.
void ReadBatch::Fetch(const std::vector<uint32_t>& leaders) {
  CHECK(leaders.size() <= kMultiGetKeys);
  std::array<RecordCache::Ticket, kMultiGetKeys> tickets;
  std::array<TableKeyView, kMultiGetKeys> keys;
  std::array<rocksdb::PinnableSlice, kMultiGetKeys> values;
  std::array<rocksdb::Status, kMultiGetKeys> statuses;
  for (size_t i = 0; i < leaders.size(); ++i) {
    const CacheKey& key = keys_[leaders[i]];
    tickets[i] = cache_->TicketFor(key);
    keys[i] = {key.table(), key.encoded()};
  }
  MultiGetAtOnce(*database_, rocksdb::ReadOptions(), {keys.data(), leaders.size()}, values.data(),
                 statuses.data());
  const int64_t now = clock_->WallMillis();
  std::array<uint64_t, kTables.size() + 1> largest{};
  for (size_t i = 0; i < leaders.size(); ++i) {
    uint64_t& of_table = largest[static_cast<size_t>(keys_[leaders[i]].table())];
    of_table = std::max<uint64_t>(of_table, values[i].size());
  }
  for (const TableInfo& info : kTables) {
    const uint64_t of_table = largest[static_cast<size_t>(info.table)];
    if (of_table > 0) sizes_->Note(info.table, of_table);
  }
  for (size_t i = 0; i < leaders.size(); ++i) {
    const CacheKey& key = keys_[leaders[i]];
    Result<RecordView> record = RecordOf(key, statuses[i], values[i]);
    if (record.ok()) {
      cache_->Fill(key, tickets[i], &*record);
    } else if (record.status().code() == Code::kNotFound) {
      cache_->Fill(key, tickets[i], nullptr);
    }
    if (record.ok() && record->ExpiredAt(now)) record = Status(Code::kNotFound, "");
    Deliver(leaders[i], record);
  }
}

Result<RecordView> ReadBatch::RecordOf(const CacheKey& key, const rocksdb::Status& status,
                                       const rocksdb::PinnableSlice& value) const {
  if (status.IsNotFound()) return Status(Code::kNotFound, "");
  Damage& damage = database_->damage();
  if (!status.ok()) return damage.FailedRead(key.table(), key.encoded(), status);
  Result<RecordView> record = ParseAndVerifyRecord({value.data(), value.size()});
  if (!record.ok()) damage.DamagedRecord(key.table(), key.encoded(), record.status());
  return record;
}

void ReadBatch::Deliver(uint32_t leader, const Result<RecordView>& record) {
  CHECK(!wanted_[leader].fetched_before, "a key is delivered once");
  for (uint32_t i = leader; i != kNone; i = wanted_[i].same_after) {
    PendingRead& read = *wanted_[i].read;
    CHECK(wanted_[i].index < read.reply.size());
    if (read.full) continue;
    if (!record.ok()) {
      read.reply[wanted_[i].index] = record.status();
      continue;
    }
    if (!read.wants_values) {
      RecordView without = *record;
      without.value = {};
      read.reply[wanted_[i].index] = Record(without);
      continue;
    }
    const bool first = read.value_bytes == 0;
    const size_t max_bytes = read.request.max_value_bytes;
    read.value_bytes += record->value.size();
    read.full = !first && max_bytes != 0 && read.value_bytes > max_bytes;
    if (read.full) continue;
    if (TryTake(read.request.call.memory, AllocatedBytes(record->value.size() + 1))) {
      read.reply[wanted_[i].index] = Record(*record);
    } else {
      read.reply[wanted_[i].index] = NoMemoryForResult();
    }
  }
}

}  // namespace smile
