// The calls of an Engine for coroutines, and short forms of those that a service needs most.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/callback_await.h"
#include "base/result.h"
#include "base/task.h"
#include "model/key.h"
#include "model/record.h"
#include "storage/call_context.h"
#include "storage/engine.h"

namespace smile {

// A put or delete that owns its bytes.
struct Change {
  MutationKind kind = MutationKind::kPut;
  Bytes sort;
  Condition condition = {};
  Bytes value = {};
  uint64_t expires_ms = 0;  // Unix milliseconds; 0: never
};

inline Change PutChange(Bytes sort, Bytes value, Condition condition = {}) {
  return {.kind = MutationKind::kPut,
          .sort = std::move(sort),
          .condition = condition,
          .value = std::move(value)};
}
inline Change DeleteChange(Bytes sort, Condition condition = {}) {
  return {.kind = MutationKind::kDelete, .sort = std::move(sort), .condition = condition};
}

// The write of these changes, which are of one partition.
WriteRequest RequestOf(Table table, ByteView partition, const std::vector<Change>& changes,
                       uint64_t source = 0);
// One change.
WriteRequest RequestOf(const Key& key, Change change);
// The same for a call, after whose deadline they do not begin.
WriteRequest RequestOf(Table table, ByteView partition, const std::vector<Change>& changes,
                       const CallContext& call);
WriteRequest RequestOf(const Key& key, Change change, const CallContext& call);

// Makes `request` that of the page after `page`, which has `more`.
void ContinueScan(const ScanPage& page, ScanRequest* request);
void ContinueList(const ListPage& page, ListRequest* request);

// The engine outlives the tasks.
class EngineCalls {
 public:
  explicit EngineCalls(Engine& engine) : engine_(engine) {}

  // As Engine::Peek.
  PeekResult Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) const {
    return engine_.Peek(key, found);
  }
  // As Engine::PeekMany.
  void PeekMany(std::span<const KeyView> keys, PeekEach each) const {
    engine_.PeekMany(keys, each);
  }
  // As Engine::PeekScan.
  bool PeekScan(const ScanRequest& request, FoundPage found) const {
    return engine_.PeekScan(request, found);
  }
  // As Engine::PeekFirst.
  void PeekFirst(Table table, std::span<const Bytes> partitions, PeekFirstEach each) const {
    engine_.PeekFirst(table, partitions, each);
  }
  // A record, or why there is none; kNotFound if it is absent. Looked for in memory first.
  Task<Result<Record>> Read(Key key) const { return Read(std::move(key), CallContext()); }
  Task<Result<Record>> Read(Key key, CallContext call) const;
  Task<Result<ReadReply>> Read(ReadRequest request) const;
  // Changes of one partition, atomically.
  Task<WriteReply> Write(Table table, Bytes partition, std::vector<Change> changes) const;
  // One change.
  Task<WriteReply> Write(Key key, Change change) const;
  // To be awaited at once: the same without a coroutine of its own.
  [[nodiscard]] auto Write(WriteRequest request) const {
    return FromCallback<WriteReply>([this, request = std::move(request)](auto done) mutable {
      engine_.Write(std::move(request), std::move(done));
    });
  }
  bool can_write_together() const { return engine_.can_write_together(); }
  Task<Result<ScanPage>> Scan(ScanRequest request) const;
  Task<Result<ListPage>> List(ListRequest request) const;

 private:
  Engine& engine_;
};

}  // namespace smile
