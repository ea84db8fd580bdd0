// The calls of an Engine for coroutines, and short forms of those that a service needs most.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "model/key.h"
#include "model/record.h"
#include "storage/engine.h"

namespace smile {

// A put or delete that owns its bytes.
struct Change {
  MutationKind kind = MutationKind::kPut;
  Bytes sort;
  Condition condition = {};
  Bytes value = {};
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

// The engine outlives the tasks.
class EngineCalls {
 public:
  explicit EngineCalls(Engine& engine) : engine_(engine) {}

  // A record, or why there is none; kNotFound if it is absent.
  Task<Result<Record>> Read(Key key) const;
  // As Engine::Read.
  Task<Result<ReadReply>> ReadMany(std::vector<Key> keys) const;
  // Changes of one partition, atomically.
  Task<WriteReply> Write(Table table, Bytes partition, std::vector<Change> changes) const;
  // One change.
  Task<WriteReply> Write(Key key, Change change) const;
  Task<Result<ScanPage>> Scan(ScanRequest request) const;

 private:
  Engine& engine_;
};

}  // namespace smile
