// Engine: where records are kept. Two implementations stand behind it, rocks_engine (durable) and
// memory_engine (the oracle of the tests); one contract suite, tests/storage/engine_contract.h,
// says what both must do. It promises only what a distributed engine can keep as well:
//
//  * A write (one or more mutations in one partition) takes effect whole or not at all.
//  * Operations on one partition are linearizable: a read that begins after a write was answered
//    sees it. Writes from one source to one partition take effect in the order of their Write()
//    calls, as far as those are ordered (same thread, or one after the other).
//  * `done` of a write comes only when the write is durable, in the engine's sense of it.
//  * A write may end as kOutcomeUnknown: it may or may not have taken effect, now or later.
//  * Across partitions there is no order.
//
// Everything is asynchronous. Each `done` is called exactly once, on any thread, possibly before
// the call returns. It must not block and must not call back into the engine's Close(). All
// functions but Close() may be called from any thread at the same time. Bytes are borrowed for the
// duration of a call only, unless the request owns them.
//
// Keys are expected to be valid (ValidateKey), values and batches within limits, the values'
// checksums verified: that is the caller's part, and the engine CHECKs it where it is cheap.
// Expired records are not seen by anything.
//
// A source is any number that tells on whose behalf something is asked, such as a connection: when
// more waits than can be done at once, sources take turns.
//
// A deadline is on the Clock that the engine was made with, in MonotonicNanos, 0 for none. Work
// whose deadline is over before it is begun is answered kDeadlineExceeded and has no effect. What
// would exceed a queue's bound is answered kOverloaded at once, with a time to retry after.
//
// A caller, if a request names one, says whether its answer is still wanted (storage/caller.h).
// Reads, scans and lists of one that is gone are not begun; scans and lists that were begun end
// with their slice, as they do when their deadline passes or Close() is called.
//
// A read whose request names a ReadMemory takes from it before it allocates its result. Refused, it
// ends with what it has: a key of a Read is kOverloaded, a Scan or List gives a shorter page with
// `more`, or is kOverloaded if there would be nothing on it. Whoever asks keeps the ReadMemory for
// as long as the result.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/function_ref.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "model/key.h"
#include "model/record.h"
#include "storage/caller.h"

namespace smile {

// --- Read -------------------------------------------------------------------------------------

enum class PeekResult : uint8_t {
  kFound,    // the record was shown
  kAbsent,   // there is none
  kUnknown,  // not known without waiting (or there is an error to report): use Read
};

// The record is one only if it is kFound, and is valid during the call. False: show no more.
using PeekEach = FunctionRef<bool(size_t index, PeekResult result, const RecordView& record)>;

struct ReadRequest {
  std::vector<Key> keys;  // at least one
  // Values are given up to about this many bytes together; the first one always is. 0: no bound.
  size_t max_value_bytes = 0;
  int64_t deadline_nanos = 0;
  uint64_t source = 0;
  std::shared_ptr<const Caller> caller = nullptr;  // null: waits
  std::shared_ptr<ReadMemory> memory = nullptr;    // null: takes from nothing
};

// Each key is read by itself: records that one write changed need not all be seen as before it, or
// all as after it.
//
// For each key in order: its record, kNotFound (words are left empty), kCorrupt, kTooLarge (it did
// not fit into max_value_bytes, ask again), or kOverloaded (no memory for it).
using ReadReply = std::vector<Result<Record>>;

// --- Write ------------------------------------------------------------------------------------

// A write and the bytes it needs, so that it can wait in a queue.
class WriteRequest {
 public:
  // Copies the bytes of the partition and the mutations. At least one mutation.
  WriteRequest(const PartitionView& partition, std::vector<MutationView> mutations,
               int64_t deadline_nanos, uint64_t source = 0);

  const PartitionView& partition() const { return partition_; }
  const std::vector<MutationView>& mutations() const { return mutations_; }
  int64_t deadline_nanos() const { return deadline_nanos_; }
  uint64_t source() const { return source_; }
  // What it counts for in the bounds of queues.
  size_t bytes() const { return bytes_; }

 private:
  PartitionView partition_;
  std::vector<MutationView> mutations_;
  int64_t deadline_nanos_;
  uint64_t source_;
  size_t bytes_;
  std::unique_ptr<char[]> storage_;  // a string would move its bytes when it is moved
};

struct WriteReply {
  Status status;
  // If ok: one for each mutation, deletes included. Never 0, unique in the engine, and growing in
  // the order in which writes take effect.
  std::vector<uint64_t> versions;
  // If kConditionFailed: the first mutation whose condition did not hold, and the version that its
  // record has (0: absent). If an earlier mutation of the request had changed that record, the
  // condition met what was never stored: then met_version is 0, and met_index names that mutation.
  uint32_t failed_index = 0;
  uint64_t met_version = 0;
  std::optional<uint32_t> met_index = {};
};

// --- Scan and list ------------------------------------------------------------------------------
//
// A page costs bounded work: it ends at the request's limits, or when so much has been looked at
// that others should have a turn. Records that are deleted or expired count for that. So a page may
// be shorter than its limit, and even empty, although there is more: `more` says so. Whoever goes
// on from there gets to the end, whatever lies between.
//
// What a page shows was there at one moment. What it passed over before its first entry, it may
// have passed over somewhat earlier.
//
// Stored data that cannot be read fails no scan and no list: they say what they could not read, and
// give everything else.

struct ScanRequest {
  Table table = Table::kUsers;
  Bytes partition;
  // Bounds in the table's order, each empty or fit for ValidateSortBound. A bound of leading parts
  // stands before (from, to) all keys that begin with it, in the table's order.
  Bytes from;          // inclusive
  Bytes to;            // exclusive
  Bytes after;         // if not empty: begin behind this whole sort key, whatever `from` says
  uint32_t limit = 0;  // entries, at least 1
  size_t max_value_bytes = 0;  // the first entry fits whatever it has
  bool keys_only = false;      // values are left empty, all else is given
  int64_t deadline_nanos = 0;
  uint64_t source = 0;
  std::shared_ptr<const Caller> caller = nullptr;  // null: waits
  std::shared_ptr<ReadMemory> memory = nullptr;    // null: takes from nothing
};

// Entries of a scan in one piece of memory. Views are valid until the next Add.
class ScanPage {
 public:
  enum class Outcome : uint8_t {
    kFound,
    // There is a record, but its value cannot be read. The sort key is given.
    kCorrupt,
    // Some of what stands between the entry before this one (or the scan's beginning) and the entry
    // after it (or where the scan goes on, or its end) cannot be read, and it is not known what it
    // was. There is no sort key.
    kGap,
  };
  struct Entry {
    Outcome outcome = Outcome::kFound;
    ByteView sort;
    RecordView record;  // all zero and empty unless found
  };

  void Add(ByteView sort, const RecordView& record);
  void AddCorrupt(ByteView sort);
  // One gap after another is the same gap.
  void AddGap();
  // The memory of one entry.
  static size_t EntryBytes(ByteView sort, const RecordView& record) {
    return sizeof(Span) + sort.size() + record.value.size();
  }
  size_t size() const { return entries_.size(); }
  Entry operator[](size_t i) const;
  bool ends_in_gap() const { return !entries_.empty() && entries_.back().outcome == Outcome::kGap; }
  // There is nothing in it that could not be read.
  bool whole() const { return whole_; }

  // There may be more entries. The next page begins with `from` = resume_from if it is set, and
  // with `after` = the last entry's sort key if not (then there is one).
  bool more = false;
  std::optional<Bytes> resume_from;

 private:
  struct Span {
    size_t offset;
    uint32_t sort_size;
    uint32_t value_size;
    uint64_t version;
    uint64_t checksum;
    uint64_t expires_ms;
    Outcome outcome;
  };
  void Append(Outcome outcome, ByteView sort, const RecordView& record);

  bool whole_ = true;
  Bytes bytes_;
  std::vector<Span> entries_;
};

// Entries are valid during the call; with `more` there is at least one, and it goes on after the
// last.
using FoundPage = FunctionRef<void(std::span<const ScanPage::Entry> entries, bool more)>;

// A place in the order of a table's partitions, and of the records in one.
struct ListPlace {
  Bytes partition;
  Bytes sort;  // as a bound `from` of a scan
};

struct ListRequest {
  Table table = Table::kUsers;
  Bytes after;                    // a partition id: begin after it; empty: at the beginning
  std::optional<ListPlace> from;  // begin here, whatever `after` says: ListPage::resume_from
  uint32_t limit = 0;             // partitions, at least 1
  int64_t deadline_nanos = 0;
  uint64_t source = 0;
  std::shared_ptr<const Caller> caller = nullptr;  // null: waits
  std::shared_ptr<ReadMemory> memory = nullptr;    // null: takes from nothing
};

struct ListPage {
  std::vector<Bytes> partitions;  // each once, in an order of the engine's own
  // Between where this page began and where the next one begins (or the table's end) there may be
  // partitions that are missing from it, because they cannot be read.
  bool gap = false;
  // There may be more. The next page begins with `from` = resume_from if it is set, and with
  // `after` = the last partition if not (then there is one).
  bool more = false;
  std::optional<ListPlace> resume_from;
};

// ------------------------------------------------------------------------------------------------

// Takes from the memory of a read, which may be null. False: the read ends with what it has.
inline bool TryTake(const std::shared_ptr<ReadMemory>& memory, size_t bytes) {
  return memory == nullptr || memory->TryTake(bytes);
}

// What a read is told for whose result there is no memory: kOverloaded.
Status NoMemoryForResult();

// In the order of their names; names are dotted and end in their unit.
using EngineStats = std::vector<std::pair<std::string, uint64_t>>;

class Engine {
 public:
  virtual ~Engine() = default;

  // Looks where no waiting can be needed, and shows a record that is found there by calling
  // `found` before it returns.
  virtual PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) = 0;

  // The same for many keys: calls `each` for every one, in their order, until it returns false.
  // Keys of one partition are looked at in their order: none is shown as it was before the moment
  // at which a key before it was looked at. Keys of different partitions have no order. Unless an
  // engine knows better, one Peek a key.
  virtual void PeekMany(std::span<const KeyView> keys, PeekEach each);

  // Looks for the answer to a scan where no waiting can be needed, and shows it by calling `found`
  // before it returns; false: use Scan. Unless an engine knows better, it does not look.
  virtual bool PeekScan(const ScanRequest& request, FoundPage found);

  virtual void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) = 0;
  virtual void Write(WriteRequest request, std::function<void(WriteReply)> done) = 0;
  virtual void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) = 0;
  virtual void List(ListRequest request, std::function<void(Result<ListPage>)> done) = 0;

  // What the operator has to see to, the worst in one word; empty: nothing. Does not wait.
  //   "storage_failed"  nothing is written until a restart
  //   "no_space"        only deletes are taken
  //   "damaged"         stored data was met, since the start, that cannot be read
  virtual std::string_view Trouble() const { return {}; }

  // Gathering them may take locks, so it too is off the caller's thread. It waits for no read, scan
  // or write.
  virtual void Stats(std::function<void(EngineStats)> done) = 0;

  // Finishes the writes that were accepted, answers reads that wait with kShuttingDown, ends scans
  // and lists with their slice, then lets go of the storage. Blocks. Calls of the other functions
  // that come later are answered kShuttingDown. Once only, and not while another thread is inside a
  // function of this engine. A destructor calls it if nobody did.
  virtual void Close() = 0;
};

}  // namespace smile
