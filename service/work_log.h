// Work that spans partitions, written down before it begins: what a crash or a lost engine leaves
// unfinished is found again, without a search through the data, and finished or undone.
//
// An item is put into the log with a time at which it should be done, and removed when it is done.
// The sweeper (service/sweeper.h) takes the items whose time has come. So whoever executes an item
// that is in the log may be overtaken by the sweeper: every step has to be repeatable, by several
// at the same time.
//
// Stored in the table `work`: partition 0, sorted by due time. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"
#include "service/engine_calls.h"

namespace smile {

enum class WorkKind : uint8_t {
  kUpload = 1,   // an upload: expire or complete it; payload: none, the id is the upload's
  kRelease = 2,  // a media record that is deleted: release its content; the id is its upload's
  kRevoke = 3,   // revoke sessions of a user; payload: which
  kErase = 4,    // erase a user; payload: none, the id begins with the user's
};

struct WorkItem {
  uint64_t due_ms = 0;  // Unix milliseconds
  std::array<uint8_t, 16> id{};
  WorkKind kind = WorkKind::kUpload;
  Bytes payload;

  bool operator==(const WorkItem&) const = default;
};

class WorkLog {
 public:
  // The engine outlives the log.
  explicit WorkLog(Engine& engine) : engine_(engine) {}

  // Durable when it is answered. Items are accepted on a full disk, as what they are for may free
  // space. An item with the same due time, id and kind is replaced.
  Task<Status> Add(WorkItem item) const { return Add(std::move(item), CallContext()); }
  // The same as the first write of what a call asks for.
  Task<Status> Add(WorkItem item, CallContext call) const;
  Task<Status> Remove(WorkItem item) const;
  // The writes of Add and Remove, to be part of another (WriteRequest::AddAlso).
  static WriteRequest AddRequest(WorkItem item) {
    return AddRequest(std::move(item), CallContext());
  }
  static WriteRequest AddRequest(WorkItem item, const CallContext& call);
  static WriteRequest RemoveRequest(const WorkItem& item);

  // The first items whose due time is at most `now_ms`, at most `limit`. Items that cannot be read
  // are left out.
  Task<Result<std::vector<WorkItem>>> Due(uint64_t now_ms, uint32_t limit) const;

 private:
  const EngineCalls engine_;
};

}  // namespace smile
