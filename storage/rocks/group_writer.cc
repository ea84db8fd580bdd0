#include "storage/rocks/group_writer.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "storage/cached_page.h"
#include "storage/first_sort.h"
#include "storage/key_encoding.h"
#include "storage/record_format.h"
#include "storage/rocks/rocks_options.h"
#include "storage/rocks/rocks_status.h"
#include "storage/rocks/write_pressure.h"

namespace smile {
namespace {

// Whether two mutations of a partition are of the same cached page.
bool SharePage(Table table, const MutationView& one, const MutationView& other) {
  const size_t size = PagePrefixBytes(table);
  return one.sort.substr(0, size) == other.sort.substr(0, size);
}

}  // namespace

GroupWriter::GroupWriter(RocksDatabase* database, RecordCache* cache, const Clock* clock)
    : database_(database),
      cache_(cache),
      clock_(clock),
      version_reader_(database, cache, clock),
      write_options_(GroupWriteOptions()) {}

// Gives compactions time to catch up before RocksDB has to reject writes.
void GroupWriter::Pace() {
  if (hold_until_nanos_ == 0) return;
  const std::chrono::nanoseconds hold(hold_until_nanos_ - clock_->MonotonicNanos());
  hold_until_nanos_ = 0;
  if (hold.count() <= 0) return;
  database_->CountHold(hold);
  std::this_thread::sleep_for(hold);
}

void GroupWriter::Commit(std::span<PendingWrite> group) {
  batch_.Clear();
  current_.clear();
  sums_.clear();
  staged_.clear();
  staged_keys_.clear();
  staged_pages_.clear();
  staged_firsts_.clear();
  const UseGate::Use use = database_->Enter();
  if (const Status refusal = Refusal(use); !refusal.ok()) {
    for (PendingWrite& write : group)
      if (!write.late) write.reply.status = refusal;
    return;
  }
  EndUnknownCacheWrites();
  LookAtSpace(group);
  ReadCurrent(group);
  next_version_ = NextVersion();
  for (PendingWrite& write : group)
    if (!write.late) Stage(&write);
  NoteExpiringBlobs();
  if (batch_.Count() > 0) WriteBatch(group);
}

// The version of the next mutation.
uint64_t GroupWriter::NextVersion() const {
  return database_->epoch().VersionOf(database_->db()->GetLatestSequenceNumber() + 1);
}

// Why the group cannot be written; ok if it can.
Status GroupWriter::Refusal(const UseGate::Use& use) const {
  Status refusal = database_->Writable();
  if (refusal.ok() && !use) refusal = RocksDatabase::Reopening();
  return refusal;
}

void GroupWriter::LookAtSpace(std::span<const PendingWrite> group) {
  uint64_t bytes = 0;
  for (const PendingWrite& write : group) bytes += write.request.bytes();
  low_on_space_ = database_->IsLowOnSpaceFor(bytes);
  if (!low_on_space_) return;
  const bool some_delete = std::any_of(group.begin(), group.end(), [](const PendingWrite& write) {
    return !write.late && write.request.frees_space();
  });
  if (some_delete) database_->MakeRoomForDeletes();
}

void GroupWriter::NoteExpiringBlobs() {
  noted_blob_expiry_.reset();
  uint64_t earliest = UINT64_MAX;
  for (const Staged& staged : staged_) {
    const MutationView& put = *staged.mutation;
    if (staged.table != Table::kBlobs || put.expires_ms == 0) continue;
    const size_t stored_bytes = RecordHeader(staged.version, 0, put.expires_ms).view().size();
    if (stored_bytes + put.value.size() < kLeastBlobFileBytes) continue;
    earliest = std::min(earliest, put.expires_ms);
  }
  if (!database_->expiring_blobs().Note(earliest, database_->db(), &batch_)) return;
  noted_blob_expiry_ = earliest;
  ++next_version_;  // the entry takes a sequence number too
}

// Finds the records that mutations of the group depend on. A group without conditions and
// additions, the usual case, reads nothing.
void GroupWriter::ReadCurrent(std::span<const PendingWrite> group) {
  std::vector<VersionReader::Wanted> wanted;
  std::vector<Current*> currents;
  for (const PendingWrite& write : group) {
    if (write.late) continue;
    auto unread = write.unread.begin();
    write.request.ForEachMutation([&](const PartitionView& partition, const MutationView& mutation,
                                      size_t index) {
      const Status* why = nullptr;
      if (unread != write.unread.end() && unread->mutation == index) why = &(unread++)->why;
      CHECK(unread == write.unread.end() || unread->mutation > index, "sorted by index");
      if (!mutation.DependsOnRecord()) return;
      const EncodedKey key({partition.table, partition.id, mutation.sort});
      const auto [entry, is_new] = current_.try_emplace(KeyInTable(partition.table, key.view()));
      if (!is_new) return;
      wanted.push_back({.key = {partition.table, Bytes(key.view())}, .unread = why});
      currents.push_back(&entry->second);
    });
  }
  if (wanted.empty()) return;
  version_reader_.Read(&wanted);
  for (size_t i = 0; i < wanted.size(); ++i) {
    currents[i]->record = wanted[i].record;
    currents[i]->error = std::move(wanted[i].error);
  }
}

void GroupWriter::Stage(PendingWrite* write) {
  WriteReply& reply = write->reply;
  if (low_on_space_ && !write->request.frees_space()) {
    reply.status =
        Status(Code::kNoSpace, "the server's disk is nearly full: only deletes are taken",
               limits::kNoSpaceRetryMillis);
    return;
  }
  undo_.clear();
  size_t next_sum = sums_.size();
  CHECK(reply.status.ok() && reply.versions.empty(), "a write is staged once");
  if (CheckAndApply(write->request, &reply)) {
    CHECK(reply.versions.front() == next_version_);
    Append(write->request, &next_sum);
    for (const WriteRequest& also : write->request.also()) Append(also, &next_sum);
    CHECK(next_sum == sums_.size(), "each addition has become a put");
    return;
  }
  sums_.resize(next_sum);
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) {
    *undo->current = std::move(undo->before);
  }
}

// Each mutation sees the effects of those before it, in the group and in its own request.
bool GroupWriter::CheckAndApply(const WriteRequest& request, WriteReply* reply) {
  reply->versions.reserve(request.mutations().size());
  bool applied = true;
  request.ForEachMutation(
      [&](const PartitionView& partition, const MutationView& mutation, size_t index) {
        applied = applied && Apply(request, partition, mutation, index, reply);
      });
  if (applied) return true;
  reply->versions.clear();
  reply->numbers.clear();
  return false;
}

bool GroupWriter::Apply(const WriteRequest& request, const PartitionView& partition,
                        const MutationView& mutation, size_t index, WriteReply* reply) {
  const uint64_t version = next_version_ + index;
  if (Current* const current = FindCurrent(partition, mutation.sort)) {
    if (mutation.DependsOnRecord()) {
      reply->status = StatusFor(mutation, *current);
      if (reply->status.code() == Code::kConditionFailed) {
        FailCondition(request, index, *current, reply);
      }
      if (!reply->status.ok()) return false;
    }
    const MutationView& resolved = Resolve(mutation, current->record, reply);
    Current changed{.record = {}, .error = {}, .changed_by = &request};
    changed.changed_at = static_cast<uint32_t>(index);
    if (resolved.kind == MutationKind::kPut) {
      changed.record = CurrentRecordOf(
          {.version = version, .expires_ms = resolved.expires_ms, .value = resolved.value});
    }
    undo_.push_back({current, std::exchange(*current, std::move(changed))});
  }
  if (index < request.mutations().size()) reply->versions.push_back(version);
  return true;
}

// Whether the mutation can be applied to the record.
Status GroupWriter::StatusFor(const MutationView& mutation, const Current& current) {
  if (!current.error.ok()) return current.error;
  if (!mutation.condition.HoldsFor(current.record.version)) return {Code::kConditionFailed, ""};
  if (mutation.kind != MutationKind::kAdd) return {};
  return CheckAddition(current.record.number, mutation.addition);
}

// An addition as the put of its sum; any other mutation as it is.
const MutationView& GroupWriter::Resolve(const MutationView& mutation, const CurrentRecord& record,
                                         WriteReply* reply) {
  if (mutation.kind != MutationKind::kAdd) return mutation;
  const int64_t sum = AddTo(record.number.value(), mutation.addition).value();
  reply->numbers.push_back(sum);
  SumPut& made = sums_.emplace_back();
  made.value = FormatNumber(sum);
  made.put = {.kind = MutationKind::kPut,
              .sort = mutation.sort,
              .expires_ms = record.expires_ms,
              .checksum = Hash64(made.value),
              .value = made.value};
  return made.put;
}

// Only a version that is stored is returned: the caller may use it in its next condition.
void GroupWriter::FailCondition(const WriteRequest& request, size_t index, const Current& current,
                                WriteReply* reply) {
  reply->failed_index = static_cast<uint32_t>(index);
  if (current.changed_by == &request) {
    reply->met_index = current.changed_at;
  } else {
    reply->met_version = current.record.version;
  }
}

GroupWriter::Current* GroupWriter::FindCurrent(const PartitionView& partition, ByteView sort) {
  if (current_.empty()) return nullptr;
  const EncodedKey key({partition.table, partition.id, sort});
  const auto found = current_.find(KeyInTable(partition.table, key.view()));
  return found == current_.end() ? nullptr : &found->second;
}

// The puts of its additions begin at sums_[*next_sum].
void GroupWriter::Append(const WriteRequest& request, size_t* next_sum) {
  const PartitionView& partition = request.partition();
  rocksdb::ColumnFamilyHandle* const family = database_->family(partition.table);
  const std::vector<MutationView>& mutations = request.mutations();
  for (size_t i = 0; i < mutations.size(); ++i) {
    const bool is_addition = mutations[i].kind == MutationKind::kAdd;
    const MutationView& mutation = is_addition ? sums_[(*next_sum)++].put : mutations[i];
    const uint64_t version = next_version_ + i;
    CHECK(mutation.value.size() <= limits::kMaxValueBytes);
    const EncodedKey encoded({partition.table, partition.id, mutation.sort});
    const rocksdb::Slice key(encoded.view());
    rocksdb::Status status;
    if (mutation.kind == MutationKind::kDelete) {
      status = batch_.Delete(family, key);
    } else {
      const RecordHeader header(version, mutation.checksum, mutation.expires_ms);
      const rocksdb::Slice value[] = {header.view(), mutation.value};
      status = batch_.Put(family, rocksdb::SliceParts(&key, 1), rocksdb::SliceParts(value, 2));
    }
    CHECK(status.ok(), "a batch in memory accepts every entry");
    staged_.push_back({.table = partition.table,
                       .partition = partition.id,
                       .key_offset = staged_keys_.size(),
                       .key_size = key.size(),
                       .partition_size = encoded.partition_size(),
                       .mutation = &mutation,
                       .version = version});
    staged_keys_.append(key.data(), key.size());
    const bool has_page = HasFirstPage(partition.table, mutation.sort);
    if (!has_page) continue;
    if (i > 0 && SharePage(partition.table, mutations[i - 1], mutation)) {
      ++staged_pages_.back().count;
    } else {
      staged_pages_.push_back({.begin = staged_.size() - 1});
    }
  }
  next_version_ += mutations.size();
  if (HasFirstSort(partition.table)) StageFirst(request);
}

void GroupWriter::WriteBatch(std::span<PendingWrite> group) {
  const size_t entries = staged_.size() + (noted_blob_expiry_.has_value() ? 1 : 0);
  CHECK(batch_.Count() == entries && NextVersion() + entries == next_version_,
        "each entry of the batch takes one sequence number");
  BeginCacheWrites();
  PrefetchMemtables();
  const rocksdb::Status written = database_->db()->Write(write_options_, &batch_);
  const Status status = written.ok() ? Status() : StatusOfWrite(written);
  if (status.code() == Code::kOutcomeUnknown) {
    // The memtable may not show what the replay of the log will.
    KeepUnknownCacheWrites();
  } else {
    EndCacheWrites(written.ok());
  }
  const std::chrono::nanoseconds hold = HoldFor(database_->write_pressure(), batch_.GetDataSize());
  hold_until_nanos_ = hold.count() == 0 ? 0 : clock_->MonotonicNanos() + hold.count();
  if (status.ok()) {
    CHECK(NextVersion() == next_version_, "versions are computed from sequence numbers");
    if (noted_blob_expiry_) database_->expiring_blobs().Written(*noted_blob_expiry_);
    if (observer_ != nullptr) TellObserver();
    return;
  }
  if (status.code() == Code::kOutcomeUnknown) {
    database_->Break(written);
    if (observer_ != nullptr) observer_->OnGap();
  }
  FailAll(group, status, written.IsNoSpace());
}

}  // namespace smile
