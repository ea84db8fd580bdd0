// The durable engine, on RocksDB. A write is answered after its log record was fsynced; writes that
// wait at the same time share one fsync (storage/committer.h).
//
// Versions. One committer writes all groups, one after the other, and nothing else writes. So the
// i-th mutation of a group (from 0) gets the sequence number S + 1 + i, where S is the latest of
// the database before the group, and its version is computed from that (storage/rocks/epoch.h): no
// write has to read to get a version. Versions are unique in the database, deletes have their own,
// and they increase in the order of commit, across restarts (recovery restores the counter to at
// least the last write that it found) and across copies and losses (which begin a new epoch).
//
// Disk failures. A group whose write fails is answered kOutcomeUnknown: it may be in the log,
// complete. After that RocksDB writes nothing more, whatever the error was. It is never resumed,
// because a resume may assign sequence numbers that are already in the log. After a full disk
// further writes are kNoSpace; when there is space again, RocksDB is reopened in process, and the
// replay of the log settles the unknown outcomes. Until then reads continue on the open database,
// except while it is being reopened, when they are kOverloaded. After any other error writes are
// kStorageFailed until the process is restarted, because a failed fsync must not be retried.
//
// To avoid a full disk, puts are rejected with kNoSpace while little space is free; deletes are
// still accepted (storage/rocks/disk_space.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "storage/engine.h"
#include "storage/rocks/open_progress.h"

namespace smile {

struct RocksOptions {
  std::string directory;  // created if it is missing; its parent must exist
  uint32_t readers = 4;
  size_t record_cache_bytes = size_t{256} << 20;
  size_t block_cache_bytes = size_t{256} << 20;
  size_t write_buffer_bytes = size_t{128} << 20;  // of all tables together
  // Accept a log that is damaged or shorter than what was acknowledged, and give up the writes
  // after the damage. Set by an operator for a single start.
  bool accept_wal_loss = false;
  // Begin a new epoch of versions: the directory was set back to an older state, and nothing in it
  // shows that. Set by an operator for a single start.
  bool new_epoch = false;
  OpenProgress* progress = nullptr;  // progress of Open(), if not null; outlives the engine
};

class RocksEngine final : public Engine {
 public:
  // Locks the directory until Close. kStorageFailed, kNoSpace or kInvalid, with a message for the
  // operator, if it cannot be served: another process serves it, its format is newer, the
  // write-ahead log is damaged and so on. The clock and the log outlive the engine. Blocks while
  // the write-ahead log is replayed.
  static Result<std::unique_ptr<RocksEngine>> Open(const RocksOptions& options, const Clock* clock,
                                                   const Logger* log);
  ~RocksEngine() override;

  PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) override;
  void PeekMany(std::span<const KeyView> keys, PeekEach each) override;
  bool PeekScan(const ScanRequest& request, FoundPage found) override;
  void PeekFirst(Table table, std::span<const Bytes> partitions, PeekFirstEach each) override;
  void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) override;
  void Write(WriteRequest request, std::function<void(WriteReply)> done) override;
  bool can_write_together() const override { return true; }
  void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) override;
  void List(ListRequest request, std::function<void(Result<ListPage>)> done) override;
  uint64_t Observe(ChangeObserver* observer) override;
  std::string_view Trouble() const override;
  void Stats(std::function<void(EngineStats)> done) override;
  void Close() override;

 private:
  friend class RocksSeams;
  class Parts;

  explicit RocksEngine(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace smile
