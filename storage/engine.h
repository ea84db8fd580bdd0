// Engine: the interface to stored records. It has two implementations, rocks_engine (durable) and
// memory_engine (the oracle of the tests); the contract suite, tests/storage/engine_contract.h,
// defines what both must do. The interface promises only what a distributed engine can keep too:
//
//  * A write (one or more mutations in one partition) is atomic.
//  * Operations on one partition are linearizable: a read that begins after a write was answered
//    sees it. Writes from one source to one partition take effect in the order of their Write()
//    calls, if those are ordered (same thread, or one happens before the other).
//  * `done` of a write is called only when the write is durable, as the engine defines it.
//  * A write may end as kOutcomeUnknown: it may or may not have taken effect, now or later.
//  * Across partitions there is no order, and no atomicity, except in an engine that can write
//    together (Engine::can_write_together).
//
// Everything is asynchronous. Each `done` is called exactly once, on any thread, possibly before
// the call returns. It must not block and must not call Close(). All functions except Close() may
// be called from any thread at the same time. Bytes are borrowed for the duration of a call only,
// unless the request owns them.
//
// The caller guarantees that keys are valid (ValidateKey), that values and batches are within the
// limits and that checksums of values were verified; the engine CHECKs what is cheap to check.
// Expired records are invisible to all operations.
//
// What a request says of its caller: storage/call_context.h. Work over the limit of a queue is
// answered kOverloaded at once, with a time to retry after.
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
#include "base/limits.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "model/key.h"
#include "model/record.h"
#include "storage/call_context.h"
#include "storage/change_observer.h"

namespace smile {

// --- Read -------------------------------------------------------------------------------------

enum class PeekResult : uint8_t {
  kFound,    // the record was passed to the callback
  kAbsent,   // there is no such record
  kUnknown,  // not known without waiting, or there is an error to report: use Read
};

// `record` is meaningful only with kFound, and valid during the call. Return false to stop.
using PeekEach = FunctionRef<bool(size_t index, PeekResult result, const RecordView& record)>;

// `sort` is meaningful only with kFound, and valid during the call.
using PeekFirstEach = FunctionRef<void(size_t index, PeekResult result, ByteView sort)>;

struct ReadRequest {
  std::vector<Key> keys;  // at least one
  // Maximum total bytes of values, approximately; the first value is always returned. 0: unlimited.
  size_t max_value_bytes = 0;
  CallContext call = {};
};

// Each key is read separately: a Read is not a snapshot, and may see some of the records that one
// write changed as before that write and others as after it.
//
// For each key in order: its record, kNotFound (with an empty message), kCorrupt, kTooLarge (it did
// not fit in max_value_bytes; read it again) or kOverloaded (no memory for it).
using ReadReply = std::vector<Result<Record>>;

// --- Write ------------------------------------------------------------------------------------

// A write that owns its bytes, so that it can wait in a queue.
class WriteRequest {
 public:
  // Copies the bytes of the partition and the mutations. At least one mutation, at most
  // limits::kMaxBatchMutations; only a put has a value, checksum or expiry time (CHECK).
  WriteRequest(const PartitionView& partition, std::vector<MutationView> mutations,
               int64_t deadline_nanos, uint64_t source = 0);

  // Adds a write of another partition that takes effect together with this one: both or neither,
  // and no read sees the one without the other after this request was answered. For engines whose
  // can_write_together() is true. The other write has no additions and nothing beside it, and they
  // are at most limits::kMaxWritesTogether with this one (CHECK). Its deadline and source do not
  // count. Other writes of its keys that are in flight at the same time have no order with it, even
  // from the same source.
  void AddAlso(WriteRequest other);

  // The request frees space: it is accepted when only deletes are, although it has puts, which are
  // small. At most limits::kMaxFreeingBytes (CHECK).
  void SetFreesSpace();

  const PartitionView& partition() const { return partition_; }
  const std::vector<MutationView>& mutations() const { return mutations_; }
  const std::vector<WriteRequest>& also() const { return also_; }
  // Calls visit(partition, mutation, index) for all mutations: its own, then those of also(), in
  // order. The index counts them.
  template <class Visit>
  void ForEachMutation(Visit&& visit) const {
    size_t index = 0;
    for (const MutationView& mutation : mutations_) visit(partition_, mutation, index++);
    for (const WriteRequest& other : also_) {
      for (const MutationView& mutation : other.mutations_) {
        visit(other.partition_, mutation, index++);
      }
    }
  }
  // Accepted when only deletes are: it consists of them, or SetFreesSpace was called.
  bool frees_space() const { return frees_space_; }
  int64_t deadline_nanos() const { return deadline_nanos_; }
  uint64_t source() const { return source_; }
  bool bulk() const { return bytes_ >= limits::kLeastBulkWriteBytes; }
  // What it counts for in the limits of queues, with all in also(). Greater than 0.
  size_t bytes() const { return bytes_; }

 private:
  PartitionView partition_;
  std::vector<MutationView> mutations_;
  std::vector<WriteRequest> also_;
  bool frees_space_ = false;
  int64_t deadline_nanos_;
  uint64_t source_;
  size_t bytes_;
  std::unique_ptr<char[]> storage_;  // not a string, which would move its bytes when it is moved
};

struct WriteReply {
  Status status;
  // If ok: one for each mutation, deletes included, but none for those of also(). Never 0, unique
  // in the engine, and increasing in the order in which writes take effect.
  std::vector<uint64_t> versions;
  // If ok: the new number of each addition.
  std::vector<int64_t> numbers = {};
  // If kConditionFailed: the first mutation (in the order of ForEachMutation) whose condition did
  // not hold, and the version of its record (0: absent). An addition fails so, with a message, if
  // the record is not a number or the sum is refused. If an earlier mutation of the same request
  // changed that record, the condition was evaluated on a state that was never stored: then
  // met_version is 0 and met_index is the index of that mutation.
  uint32_t failed_index = 0;
  uint64_t met_version = 0;
  std::optional<uint32_t> met_index = {};
};

// --- Scan and list ------------------------------------------------------------------------------
//
// A page costs bounded work: it ends at the request's limits, or when so many records have been
// examined that others should have a turn. Deleted and expired records count. So a page may be
// shorter than its limit, even empty, although `more` is set. Repeated requests from where the last
// page ended always reach the end.
//
// The entries of a page are a snapshot. What was skipped before its first entry may have been
// skipped somewhat earlier.
//
// Stored data that cannot be read does not fail a scan or list: the page says what could not be
// read and contains everything else.

struct ScanRequest {
  Table table = Table::kUsers;
  Bytes partition;
  // Bounds in the table's order, each empty or valid as ValidateSortBound defines. A bound that
  // consists of leading parts sorts before all keys that begin with it.
  Bytes from;                  // inclusive
  Bytes to;                    // exclusive
  Bytes after;                 // a whole sort key; if not empty: start after it, ignoring `from`
  uint32_t limit = 0;          // maximum number of entries, at least 1
  size_t max_value_bytes = 0;  // maximum total bytes of values; the first entry always fits
  bool keys_only = false;      // return everything except values
  CallContext call = {};
};

// Entries of a scan in one piece of memory. Views are valid until the next Add.
class ScanPage {
 public:
  enum class Outcome : uint8_t {
    kFound,
    // There is a record, but its value cannot be read. The sort key is set.
    kCorrupt,
    // Between the previous entry (or the start of the scan) and the next one (or where the scan
    // continues or ends) there is data that cannot be read, and it is not known what it was. There
    // is no sort key.
    kGap,
  };
  struct Entry {
    Outcome outcome = Outcome::kFound;
    ByteView sort;
    RecordView record;  // all zero and empty unless kFound
  };

  void Add(ByteView sort, const RecordView& record);
  void AddCorrupt(ByteView sort);
  // Adjacent gaps are merged.
  void AddGap();
  // The memory that one entry takes.
  static size_t EntryBytes(ByteView sort, const RecordView& record) {
    return sizeof(Span) + sort.size() + record.value.size();
  }
  size_t size() const { return entries_.size(); }
  Entry operator[](size_t i) const;  // i < size() (CHECK)
  bool ends_in_gap() const { return !entries_.empty() && entries_.back().outcome == Outcome::kGap; }
  // All entries are kFound.
  bool whole() const { return whole_; }

  // There may be more entries. To get the next page, scan with `from` = resume_from if that is set,
  // else with `after` = the sort key of the last entry (there is one then, and it is no gap).
  bool more = false;
  std::optional<Bytes> resume_from;
  // Whether `more` and `resume_from` are as described above.
  bool CanContinue() const {
    return more ? resume_from.has_value() || (size() > 0 && !ends_in_gap())
                : !resume_from.has_value();
  }

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

// Entries are valid during the call. With `more` there is at least one, and the next page starts
// after the last.
using FoundPage = FunctionRef<void(std::span<const ScanPage::Entry> entries, bool more)>;

// A position in the order of a table's partitions and of the records in a partition.
struct ListPlace {
  Bytes partition;
  Bytes sort;  // as `from` of a scan
};

struct ListRequest {
  Table table = Table::kUsers;
  Bytes after;                    // a partition id to start after; empty: start at the beginning
  std::optional<ListPlace> from;  // start here (ListPage::resume_from), ignoring `after`
  uint32_t limit = 0;             // maximum number of partitions, at least 1
  CallContext call = {};
};

struct ListPage {
  std::vector<Bytes> partitions;  // each once, in an order that the engine chooses
  // Between the start of this page and the start of the next (or the end of the table) there may be
  // partitions that are missing from this page because they cannot be read.
  bool gap = false;
  // There may be more. To get the next page, list with `from` = resume_from if that is set, else
  // with `after` = the last partition (there is one then).
  bool more = false;
  std::optional<ListPlace> resume_from;
  // Whether `more` and `resume_from` are as described above.
  bool CanContinue() const {
    return more ? resume_from.has_value() || !partitions.empty() : !resume_from.has_value();
  }
};

// ------------------------------------------------------------------------------------------------

// Takes from the memory of a read, which may be null. False: the read ends with what it has.
inline bool TryTake(const std::shared_ptr<ReadMemory>& memory, size_t bytes) {
  return memory == nullptr || memory->TryTake(bytes);
}

// The answer to a read for whose result there is no memory: kOverloaded.
Status NoMemoryForResult();

// Whether the addition can be made: kConditionFailed if the record is not a number (nullopt), or
// the sum is refused.
Status CheckAddition(std::optional<int64_t> number, const Addition& addition);

// Sorted by name. Names are dotted and end in their unit.
using EngineStats = std::vector<std::pair<std::string, uint64_t>>;

class Engine {
 public:
  virtual ~Engine() = default;

  // Looks up a record without ever waiting. Calls `found` before it returns if it has found one.
  virtual PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) = 0;

  // Peeks at many keys: calls `each` for every key, in order, until it returns false. Keys of one
  // partition are looked up in order: a key is never seen in a state older than the moment at which
  // a key before it was looked up. Keys of different partitions have no order. The default
  // implementation calls Peek for each key.
  virtual void PeekMany(std::span<const KeyView> keys, PeekEach each);

  // Answers a scan if that is possible without waiting, by calling `found` before it returns.
  // False: use Scan. The default implementation always returns false.
  virtual bool PeekScan(const ScanRequest& request, FoundPage found);

  // The first sort key of each of these partitions, in the table's order, as far as it is known
  // without waiting: calls `each` for every partition, in order. kAbsent: it has no records. What
  // is unknown may be found with a Scan of all the partition's records, and then be known. The
  // default implementation knows nothing.
  virtual void PeekFirst(Table table, std::span<const Bytes> partitions, PeekFirstEach each);

  virtual void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) = 0;
  virtual void Write(WriteRequest request, std::function<void(WriteReply)> done) = 0;
  // Whether requests may have writes of other partitions (WriteRequest::AddAlso).
  virtual bool can_write_together() const { return false; }
  virtual void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) = 0;
  virtual void List(ListRequest request, std::function<void(Result<ListPage>)> done) = 0;

  // From now on, tells the observer of all changes (storage/change_observer.h); it outlives the
  // engine. Called at most once, before all writes (CHECK where cheap). Returns the newest version
  // that a change has so far, or 0: all changes that the observer is told of have greater ones. The
  // default implementation CHECKs: the engine tells nobody.
  virtual uint64_t Observe(ChangeObserver* observer);

  // The most severe problem that needs the operator's attention; empty if there is none. Does not
  // wait.
  //   "storage_failed"  nothing is written until a restart
  //   "no_space"        only deletes are accepted
  //   "damaged"         since the start, stored data was found that cannot be read
  virtual std::string_view Trouble() const { return {}; }

  // Collecting statistics may take locks, so it runs on another thread. It does not wait for reads,
  // scans or writes.
  virtual void Stats(std::function<void(EngineStats)> done) = 0;

  // Finishes the writes that were accepted, answers waiting reads with kShuttingDown, ends scans
  // and lists with their current slice, then releases the storage. Blocks. Later calls of other
  // functions are answered kShuttingDown. Called at most once, and not while another thread is
  // inside a function of this engine. The destructor calls it if nobody did.
  virtual void Close() = 0;
};

}  // namespace smile
