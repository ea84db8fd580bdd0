// The durable engine, on RocksDB. A write is answered after its WAL record was fsynced; the writes
// that wait together share one fsync (storage/committer.h).
//
// Versions. One committer writes all groups, one after the other, and nothing else writes: so the
// i-th mutation of a group (from 0) has the sequence number S + 1 + i, where S is the database's
// latest before the group, and its version is made from that (storage/rocks/epoch.h). No write has
// to read for its version. Versions are unique in the database, deletes have theirs, and they grow
// in the order of commit, across restarts (recovery brings the counter back to at least the last
// write it found) and across copies and losses (a new epoch begins then).
//
// When the disk fails. A group whose write fails on its way to the disk is answered
// kOutcomeUnknown: it may be in the log, whole. After that RocksDB writes nothing more, whatever
// the error was: it is never resumed, because a resume may give sequence numbers out again that
// stand in the log already. After a full disk further writes are kNoSpace; when there is room
// RocksDB is opened again in process, and the log's replay decides about what was unknown.
// Meanwhile reads go on from what was open, except for the moment of the reopening, in which they
// are kOverloaded. After any other error writes are kStorageFailed until the process is started
// again, because a failed fsync may not be tried again.
//
// So that it seldom comes to a full disk, puts are refused with kNoSpace while little room is left,
// and deletes are not (storage/rocks/disk_space.h).
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
  std::string directory;  // made if it is missing; its parent has to be there
  uint32_t readers = 4;
  size_t record_cache_bytes = size_t{256} << 20;  // records that are asked for again and again
  size_t block_cache_bytes = size_t{256} << 20;
  size_t write_buffer_bytes = size_t{128} << 20;  // of all tables together
  // Go on with a write-ahead log that is damaged or shorter than what was acknowledged, and give up
  // the writes behind the damage. For an operator to say, once.
  bool accept_wal_loss = false;
  // Begin a new epoch of versions: the directory is an older state of itself, and nothing in it
  // shows that. For an operator to say, once.
  bool new_epoch = false;
  OpenProgress* progress = nullptr;  // of Open(), if somebody wants it; outlives the engine
};

class RocksEngine final : public Engine {
 public:
  // Takes the directory for itself until Close. kStorageFailed or kInvalid, in a sentence for the
  // operator, if it cannot be served: another process has it, it is of a newer format, the
  // write-ahead log is damaged, … . The clock and the log outlive the engine. Blocks while the
  // write-ahead log is replayed.
  static Result<std::unique_ptr<RocksEngine>> Open(const RocksOptions& options, const Clock* clock,
                                                   const Logger* log);
  ~RocksEngine() override;

  PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) override;
  void PeekMany(std::span<const KeyView> keys, PeekEach each) override;
  bool PeekScan(const ScanRequest& request, FoundPage found) override;
  void Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) override;
  void Write(WriteRequest request, std::function<void(WriteReply)> done) override;
  void Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) override;
  void List(ListRequest request, std::function<void(Result<ListPage>)> done) override;
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
