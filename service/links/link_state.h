// The links that changes which are written together read and write, as they are after each of them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/links/link_head.h"
#include "service/links/link_records.h"

namespace smile {

// One thread at a time.
class LinkState {
 public:
  // `engine` outlives it.
  explicit LinkState(const EngineCalls& engine) : engine_(engine) {}

  // Reads what is stored of these sides; those that were loaded before are left as they are.
  Task<Status> Load(std::vector<LinkSide> sides);
  // The same without waiting. False: Load has to read the rest.
  bool LoadNow(const std::vector<LinkSide>& sides);

  // Of a side that was loaded: its link, or none. kCorrupt: its records are damaged.
  Result<std::optional<LinkRecord>> Find(const LinkSide& side) const;
  // Whether the side has a record of its own that may be there, even if Find failed.
  bool MayHaveRecord(const LinkSide& side) const;
  // Changes a link, after Find did not fail.
  void Put(const LinkSide& side, const LinkRecord& record);
  // Removes one of this time, after Find returned it or MayHaveRecord.
  void Remove(const LinkSide& side, uint64_t time_ms);

  // Whether another Put of both sides of a link, or Remove, is sure to fit into the write.
  bool HasRoom() const;
  // All changes, as one write; none if there were none.
  std::optional<WriteRequest> ToWrite(uint64_t source);

 private:
  struct Slot {
    LinkRecordId id;
    std::optional<Bytes> value = {};  // none: absent
    Status failure = {};              // it cannot be read
    bool changed = false;
    // Of a head: its links are in records of their own, of which those that were asked for were
    // loaded, or, if it was compact before, all.
    bool indexed = false;
    bool was_compact = true;
    std::vector<LinkMutation::Told> told = {};
  };

  // Which of these sides need records that were not read yet.
  std::vector<LinkRecordId> Missing(const std::vector<LinkSide>& sides) const;
  void Peek(const std::vector<LinkRecordId>& ids);
  Task<Status> ReadUnknown();
  void NoteForm(const LinkRecordId& id);
  // Null: none.
  const Slot* FindSlot(const LinkRecordId& id) const;
  Slot& SlotOf(const LinkRecordId& id);
  Result<LinkHead> HeadOf(const LinkSide& side) const;
  Result<std::optional<LinkRecord>> FindRecord(const LinkSide& side) const;
  Slot& Set(const LinkRecordId& id, std::optional<Bytes> value);
  void Tell(Slot* slot, uint64_t other, MutationKind kind);
  void MakeIndexed(const LinkSide& side, const LinkHead& head);
  void SetCount(const LinkSide& side, uint64_t count);

  const EngineCalls& engine_;
  std::vector<Slot> slots_;            // sorted
  std::vector<LinkRecordId> unknown_;  // those that are not in memory; their slots are empty
  size_t mutations_ = 0;               // at least as many as they are
};

}  // namespace smile
