// The newest changes of the partitions that can be watched, in memory, within a limit of bytes.
//
// It is a list of batches, one for each call of the committer. A batch is immutable and shared:
// whoever takes one reads it without a lock and copies nothing. Batches are numbered from 1. Each
// change knows the one before it in its partition, so a look back costs as much as it finds.
//
// What the history contains is told by two versions: all changes of tables that can be watched,
// with versions greater than the floor and up to the newest, are in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "model/record.h"
#include "model/tables.h"
#include "storage/change_observer.h"

namespace smile {

// Identifies a partition in memory: the number of its table, then its id.
Bytes WatchKey(Table table, ByteView partition);

// Where a change is. Batch 0: nowhere.
struct HistoryPlace {
  uint64_t batch = 0;
  size_t change = 0;

  bool operator==(const HistoryPlace&) const = default;
};

// Borrows from its batch.
struct HistoryChange {
  ByteView key;  // WatchKey
  ByteView sort;
  ByteView value;          // empty unless has_value
  bool has_value = false;  // a put whose value was kept
  MutationKind kind = MutationKind::kPut;
  uint64_t version = 0;
  uint64_t checksum = 0;
  uint64_t expires_ms = 0;
  uint64_t hash = 0;  // of the key
  // The change before it with the same hash, which is nearly always one of the same partition.
  HistoryPlace previous;
};

struct HistoryBatch {
  // Before this there may be changes that nobody was told of. There are no changes in the batch.
  bool is_gap = false;
  uint64_t newest = 0;  // the newest version at its end
  std::vector<HistoryChange> changes;
  std::unique_ptr<char[]> bytes;
  size_t memory = 0;  // that it counts for in the limit
};
using BatchPointer = std::shared_ptr<const HistoryBatch>;

// Any thread, except for Append and AppendGap: one at a time. The lock is never held for longer
// than a call needs for the changes that it is given or that it returns.
class WatchHistory {
 public:
  // Bytes, keys and bookkeeping included. A batch over the limit is not kept.
  explicit WatchHistory(size_t max_bytes);

  // It contains all changes after this version. Before the first Append.
  void StartFrom(uint64_t newest);

  // From now on it keeps changes; before, they cost nothing, and it contains none. May be repeated.
  void Keep();

  // Versions increase (CHECK). True: there is a new batch, so some of the tables can be watched.
  // Costs a copy of the changes, and the release of as many bytes of old ones.
  bool Append(std::span<const AppliedChange> changes);
  // See ChangeObserver::OnGap. Until the next change, nothing is known of the past; then, what
  // is after the version before it.
  void AppendGap();

  struct End {
    uint64_t next = 1;    // the number of the next batch
    uint64_t newest = 0;  // the newest version
  };
  End end() const;

  struct Taken {
    bool too_late = false;  // the first batch that was asked for was dropped; there are none
    std::vector<BatchPointer> batches;
    End end;
  };
  // The batches from this number on, as many as fit in limits::kWatchBytesTaken, and at least one
  // if there are any.
  Taken Take(uint64_t from) const;

  struct Found {
    BatchPointer batch;
    const HistoryChange* change;
  };
  struct Past {
    // The history does not reach back so far, or not to a version that is so new, or there is more
    // than the limits allow.
    bool is_gap = false;
    uint64_t newest = 0;         // all changes of the partition after `after` and up to this one:
    std::vector<Found> changes;  // in their order; none if is_gap
  };
  struct PastLimits {
    size_t changes = 0;
    size_t value_bytes = 0;
  };
  Past Since(ByteView key, uint64_t after, const PastLimits& limits) const;

  struct Size {
    size_t bytes = 0;
    size_t batches = 0;
    uint64_t floor = 0;  // UINT64_MAX: after a gap, unknown
  };
  Size size() const;

 private:
  static constexpr uint64_t kUnknownFloor = UINT64_MAX;

  bool SkipUnlessKept(std::span<const AppliedChange> changes);
  std::shared_ptr<HistoryBatch> Copy(std::span<const AppliedChange> changes) const;
  // Both with the lock. What was dropped is to be destroyed without it.
  void Push(std::shared_ptr<HistoryBatch> batch, std::vector<BatchPointer>* dropped);
  BatchPointer DropFirst();
  uint64_t next() const { return first_ + batches_.size(); }

  const size_t max_bytes_;
  const SecretHash hash_;

  mutable std::mutex mutex_;
  std::deque<BatchPointer> batches_;
  uint64_t first_ = 1;  // the number of the first of them
  // Of each partition, by the hash of its key, the newest change. Partitions with the same hash
  // share an element, and a list of changes.
  std::unordered_map<uint64_t, HistoryPlace> last_;
  size_t bytes_ = 0;
  bool keeps_ = false;
  uint64_t floor_ = 0;
  uint64_t newest_ = 0;
};

}  // namespace smile
