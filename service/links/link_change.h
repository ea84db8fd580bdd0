// A change of a link, and its effect on the records of both sides.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/links/link_records.h"

namespace smile {

struct LinkChange {
  enum class Kind : uint8_t { kLink, kUnlink };

  Kind kind = Kind::kLink;
  LinkSide side;
  // Of kLink:
  Bytes value;
  std::optional<LinkKind> inverse;
  std::optional<uint64_t> time_ms;
  CallContext call = {};  // its deadline and source
};

struct LinkChanged {
  bool changed = false;  // kLink: there was no link; kUnlink: there was one
  uint64_t time_ms = 0;  // of the link
};

// The records that changes which are written together read and write. One thread at a time.
class LinkState {
 public:
  // `engine` outlives it.
  explicit LinkState(const EngineCalls& engine) : engine_(engine) {}

  // Reads what these changes need. Once, before Apply.
  Task<Status> Load(std::vector<const LinkChange*> changes);

  // The effect of a change, after those that were applied before. A failure has no effect.
  Result<LinkChanged> Apply(const LinkChange& change, uint64_t now_ms);

  // The effect of all, as one write; none if they change nothing.
  std::optional<WriteRequest> ToWrite(uint64_t source);

 private:
  struct Slot {
    LinkRecordId id;
    std::optional<Bytes> value = {};  // none: absent
    Status failure = {};              // it cannot be read
    bool changed = false;
  };

  // Adds slots for those of these records that have none, with what is known without waiting.
  // Returns those of which it is not known.
  std::vector<LinkRecordId> Peek(std::vector<LinkRecordId> ids);
  Task<Status> Read(std::vector<LinkRecordId> ids);
  // Null: none.
  Slot* FindSlot(const LinkRecordId& id);
  // Null: absent. Of a record that was read or set.
  Result<const Bytes*> Find(const LinkRecordId& id);
  Result<std::optional<LinkRecord>> FindLink(const LinkSide& side);
  Result<uint64_t> FindCount(const LinkSide& side, int64_t difference);
  // None: delete.
  void Set(const LinkRecordId& id, std::optional<Bytes> value);
  void Put(const LinkSide& side, const LinkRecord& record);
  void Remove(const LinkSide& side, uint64_t time_ms);
  Status AddToCounts(const LinkSide& side, const LinkSide& back, int64_t difference);
  Result<LinkChanged> Link(const LinkChange& change, const std::optional<LinkRecord>& old,
                           uint64_t now_ms);
  Result<LinkChanged> Unlink(const LinkSide& side, const std::optional<LinkRecord>& old);

  const EngineCalls& engine_;
  std::vector<Slot> slots_;  // sorted
};

}  // namespace smile
