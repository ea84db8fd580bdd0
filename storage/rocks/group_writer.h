// Turns a group of the committer into one RocksDB batch with one fsync. The only writer of the
// database. Used by the committer's thread alone.
#pragma once

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "storage/change_observer.h"
#include "storage/committer.h"
#include "storage/record_cache.h"
#include "storage/rocks/rocks_database.h"
#include "storage/rocks/version_reader.h"

namespace smile {

class GroupWriter {
 public:
  // All outlive it.
  GroupWriter(RocksDatabase* database, RecordCache* cache, const Clock* clock);

  // Before a group is formed: waits as long as the size of the last group requires at the write
  // pressure of that time (storage/rocks/write_pressure.h).
  void Pace();

  // Fills in the replies of all writes that are not late. A request whose condition does not hold
  // adds nothing to the batch; the others proceed. Versions are as described in
  // storage/rocks/rocks_engine.h.
  void Commit(std::span<PendingWrite> group);

  // The writes of the last group were answered.
  void OnAnswered() {
    if (observer_ != nullptr) observer_->OnAnswered();
  }

  // As Engine::Observe; before the first group.
  uint64_t Observe(ChangeObserver* observer);

  // See VersionReader. Any thread.
  uint64_t disk_reads() const { return version_reader_.disk_reads(); }

 private:
  // A record that a mutation of the group depends on, as it is after the mutations of the group so
  // far.
  struct Current {
    CurrentRecord record;
    Status error;  // why it could not be read
    // The request of the group that changed it last, and the index of the mutation.
    const WriteRequest* changed_by = nullptr;
    uint32_t changed_at = 0;
  };
  struct Undo {
    Current* current;
    Current before;
  };

  // A mutation in the batch, for the cache.
  struct Staged {
    Table table;
    ByteView partition;
    size_t key_offset;  // in staged_keys_
    size_t key_size;
    size_t partition_size;  // the first bytes of the key
    const MutationView* mutation;
    uint64_t version;

    // As it is stored. None: it is deleted.
    std::optional<RecordView> record() const;
  };

  // Adjacent mutations of a request that are of the same page.
  struct StagedPage {
    size_t begin;  // in staged_
    size_t count = 1;
  };

  // What a request does to the first sort key of its partition.
  struct StagedFirst {
    size_t index;         // in staged_, of one of its keys
    bool only_puts;       // that do not expire
    ByteView first_sort;  // of the puts
  };

  // A key whose write in the cache has not ended because the state in the storage is unknown.
  struct UnknownWrite {
    CacheKey::Kind kind;
    Table table;
    Bytes encoded;
  };

  Status Refusal(const UseGate::Use& use) const;
  void LookAtSpace(std::span<const PendingWrite> group);
  uint64_t NextVersion() const;
  void ReadCurrent(std::span<const PendingWrite> group);
  void Stage(PendingWrite* write);
  bool CheckAndApply(const WriteRequest& request, WriteReply* reply);
  static void FailCondition(const WriteRequest& request, size_t index, const Current& current,
                            WriteReply* reply);
  Current* FindCurrent(const PartitionView& partition, ByteView sort);
  static Status StatusFor(const MutationView& mutation, const Current& current);
  const MutationView& Resolve(const MutationView& mutation, const CurrentRecord& record,
                              WriteReply* reply);
  bool Apply(const WriteRequest& request, const PartitionView& partition,
             const MutationView& mutation, size_t index, WriteReply* reply);
  void Append(const WriteRequest& request, size_t* next_sum);
  void TellObserver();
  void StageFirst(const WriteRequest& request);
  void PrefetchMemtables();
  void NoteExpiringBlobs();
  void WriteBatch(std::span<PendingWrite> group);
  // `status` is the answer to the writes of the batch.
  void FailAll(std::span<PendingWrite> group, const Status& status, bool no_space);
  template <class Visit>
  void ForEachCacheKey(bool prefetch, Visit visit);
  void BeginCacheWrites();
  void EndCacheWrites(bool written);
  std::optional<Bytes> PageAfterWrites(const StagedPage& writes, ByteView page) const;
  void KeepUnknownCacheWrites();
  void EndUnknownCacheWrites();

  RocksDatabase* const database_;
  RecordCache* const cache_;
  const Clock* const clock_;
  VersionReader version_reader_;
  const rocksdb::WriteOptions write_options_;
  ChangeObserver* observer_ = nullptr;  // may be null

  // State of the current group; members so that their memory is reused.
  rocksdb::WriteBatch batch_;
  std::unordered_map<std::string, Current> current_;  // empty if no mutation depends on a record
  std::vector<Undo> undo_;
  // What the additions of the group came to, in order: puts of the sums.
  struct SumPut {
    Bytes value;
    MutationView put;
  };
  std::deque<SumPut> sums_;
  std::vector<Staged> staged_;
  Bytes staged_keys_;
  std::vector<StagedPage> staged_pages_;  // that may be cached
  std::vector<AppliedChange> changes_;    // of staged_, for the observer
  std::vector<ByteView> partitions_;      // of some of the staged mutations
  std::vector<StagedFirst> staged_firsts_;
  std::vector<CacheKey> cache_keys_;  // of staged_, of staged_pages_, then of staged_firsts_
  bool some_are_cached_ = false;
  uint64_t next_version_ = 0;
  std::optional<uint64_t> noted_blob_expiry_;  // stored by this batch
  bool low_on_space_ = false;

  std::vector<UnknownWrite> unknown_;  // of a group whose outcome is unknown
  uint64_t unknown_until_ = 0;         // the number of reopenings that settles it

  int64_t hold_until_nanos_ = 0;  // for Pace
};

}  // namespace smile
