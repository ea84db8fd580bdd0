#include "service/links/link_change.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "model/path.h"

namespace smile {
namespace {

LinkSide BackOf(const LinkSide& side, LinkKind inverse) {
  return {.user = side.other, .kind = inverse, .other = side.user};
}

// The inverse if there is no link.
LinkKind NewInverse(const LinkChange& change) {
  return change.inverse.value_or(InverseOf(change.side.kind));
}

// What Apply reads, if the inverse is this one.
void AppendIds(const LinkSide& side, LinkKind inverse, std::vector<LinkRecordId>* ids) {
  for (const LinkSide& one : {side, BackOf(side, inverse)}) {
    ids->push_back(one.Member());
    ids->push_back(one.Count());
  }
}

Status DamagedLink(const LinkRecordId& id) {
  return {Code::kCorrupt, "the record " + FormatKey(LinkKeyBytes(id).view()) + " is damaged"};
}

Status OtherInverse(LinkKind kind, LinkKind inverse) {
  return {Code::kConditionFailed,
          "there is a link of kind " + std::to_string(static_cast<int>(kind)) +
              " whose inverse is of kind " + std::to_string(static_cast<int>(inverse)) +
              ": remove it first"};
}

// Where the slot with this id is, or would be.
template <class Slots>
auto FirstFrom(Slots* slots, const LinkRecordId& id) {
  return std::lower_bound(
      slots->begin(), slots->end(), id,
      [](const auto& slot, const LinkRecordId& wanted) { return slot.id < wanted; });
}

}  // namespace

// --- Reading -------------------------------------------------------------------------------------

Task<Status> LinkState::Load(std::vector<const LinkChange*> changes) {
  std::vector<LinkRecordId> ids;
  ids.reserve(4 * changes.size());
  for (const LinkChange* change : changes) AppendIds(change->side, NewInverse(*change), &ids);
  std::vector<LinkRecordId> unknown = Peek(std::move(ids));
  if (!unknown.empty()) {
    if (Status read = co_await Read(std::move(unknown)); !read.ok()) co_return read;
  }
  // Of links whose inverse is another than expected.
  std::vector<LinkRecordId> others;
  for (const LinkChange* change : changes) {
    const Result<std::optional<LinkRecord>> link = FindLink(change->side);
    if (!link.ok() || !link->has_value()) continue;
    const LinkKind inverse = (*link)->inverse;
    if (inverse != NewInverse(*change)) AppendIds(change->side, inverse, &others);
  }
  unknown = Peek(std::move(others));
  if (unknown.empty()) co_return Status();
  co_return co_await Read(std::move(unknown));
}

std::vector<LinkRecordId> LinkState::Peek(std::vector<LinkRecordId> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::erase_if(ids, [this](const LinkRecordId& id) { return FindSlot(id) != nullptr; });
  std::vector<LinkKeyBytes> bytes;
  bytes.reserve(ids.size());  // so that views stay valid
  std::vector<KeyView> keys;
  keys.reserve(ids.size());
  for (const LinkRecordId& id : ids) keys.push_back(bytes.emplace_back(id).view());
  const size_t before = slots_.size();
  slots_.reserve(before + 2 * ids.size());
  std::vector<LinkRecordId> unknown;
  engine_.PeekMany(keys, [&](size_t i, PeekResult result, const RecordView& record) {
    Slot& slot = slots_.emplace_back(Slot{.id = ids[i]});
    if (result == PeekResult::kFound) slot.value = Bytes(record.value);
    if (result == PeekResult::kUnknown) unknown.push_back(ids[i]);
    return true;
  });
  std::inplace_merge(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(before),
                     slots_.end(), [](const Slot& a, const Slot& b) { return a.id < b.id; });
  return unknown;
}

Task<Status> LinkState::Read(std::vector<LinkRecordId> ids) {
  ReadRequest request;
  request.keys.reserve(ids.size());
  for (const LinkRecordId& id : ids) request.keys.emplace_back(LinkKeyBytes(id).view());
  Result<ReadReply> reply = co_await engine_.Read(std::move(request));
  if (!reply.ok()) co_return reply.status();
  for (size_t i = 0; i < ids.size(); ++i) {
    Slot& slot = *FindSlot(ids[i]);
    Result<Record>& record = (*reply)[i];
    if (record.ok()) {
      slot.value = std::move(record->value);
    } else if (record.status().code() != Code::kNotFound) {
      slot.failure = record.status();
    }
  }
  co_return Status();
}

LinkState::Slot* LinkState::FindSlot(const LinkRecordId& id) {
  const auto slot = FirstFrom(&slots_, id);
  return slot != slots_.end() && slot->id == id ? &*slot : nullptr;
}

Result<const Bytes*> LinkState::Find(const LinkRecordId& id) {
  const Slot* const slot = FindSlot(id);
  CHECK(slot != nullptr, "it was loaded");
  if (!slot->failure.ok()) return slot->failure;
  return slot->value ? &*slot->value : nullptr;
}

Result<std::optional<LinkRecord>> LinkState::FindLink(const LinkSide& side) {
  const LinkRecordId id = side.Member();
  SMILE_ASSIGN(const Bytes* value, Find(id));
  if (value == nullptr) return std::optional<LinkRecord>();
  const auto record = DecodeLinkRecord(*value);
  if (!record) return DamagedLink(id);
  return std::optional<LinkRecord>(
      {.time_ms = record->time_ms, .inverse = record->inverse, .value = Bytes(record->value)});
}

// The count after adding the difference.
Result<uint64_t> LinkState::FindCount(const LinkSide& side, int64_t difference) {
  const LinkRecordId id = side.Count();
  SMILE_ASSIGN(const Bytes* value, Find(id));
  const std::optional<uint64_t> count =
      value == nullptr ? std::optional<uint64_t>(0) : DecodeLinkCount(*value);
  if (!count || (*count == 0 && difference < 0)) return DamagedLink(id);
  return *count + static_cast<uint64_t>(difference);
}

// --- Changes -------------------------------------------------------------------------------------

Result<LinkChanged> LinkState::Apply(const LinkChange& change, uint64_t now_ms) {
  SMILE_ASSIGN(const std::optional<LinkRecord> old, FindLink(change.side));
  if (change.kind == LinkChange::Kind::kUnlink) return Unlink(change.side, old);
  return Link(change, old, now_ms);
}

Result<LinkChanged> LinkState::Link(const LinkChange& change, const std::optional<LinkRecord>& old,
                                    uint64_t now_ms) {
  const LinkSide& side = change.side;
  const LinkKind inverse = old ? old->inverse : NewInverse(change);
  if (old && change.inverse && *change.inverse != inverse) return OtherInverse(side.kind, inverse);
  const LinkSide back = BackOf(side, inverse);
  SMILE_ASSIGN(const std::optional<LinkRecord> old_back, FindLink(back));
  if (old_back && old_back->inverse != side.kind) return OtherInverse(inverse, old_back->inverse);
  if (!old) SMILE_TRY(AddToCounts(side, back, +1));
  const uint64_t time_ms = change.time_ms.value_or(old ? old->time_ms : now_ms);
  if (old && old->time_ms != time_ms) {
    Set(side.Newest(old->time_ms), std::nullopt);
    Set(back.Newest(old->time_ms), std::nullopt);
  }
  Put(side, {.time_ms = time_ms, .inverse = inverse, .value = change.value});
  Put(back, {.time_ms = time_ms, .inverse = side.kind, .value = change.value});
  return LinkChanged{.changed = !old, .time_ms = time_ms};
}

Result<LinkChanged> LinkState::Unlink(const LinkSide& side, const std::optional<LinkRecord>& old) {
  if (!old) return LinkChanged{};
  const LinkSide back = BackOf(side, old->inverse);
  SMILE_TRY(AddToCounts(side, back, -1));
  Remove(side, old->time_ms);
  Remove(back, old->time_ms);
  return LinkChanged{.changed = true, .time_ms = old->time_ms};
}

// Both or none.
Status LinkState::AddToCounts(const LinkSide& side, const LinkSide& back, int64_t difference) {
  SMILE_ASSIGN(const uint64_t count, FindCount(side, difference));
  SMILE_ASSIGN(const uint64_t back_count, FindCount(back, difference));
  const auto value_of = [](uint64_t number) {
    return number > 0 ? std::optional<Bytes>(EncodeLinkCount(number)) : std::nullopt;
  };
  Set(side.Count(), value_of(count));
  Set(back.Count(), value_of(back_count));
  return {};
}

void LinkState::Put(const LinkSide& side, const LinkRecord& record) {
  Bytes bytes = Encode(record);
  Set(side.Member(), bytes);
  Set(side.Newest(record.time_ms), std::move(bytes));
}

void LinkState::Remove(const LinkSide& side, uint64_t time_ms) {
  Set(side.Member(), std::nullopt);
  Set(side.Newest(time_ms), std::nullopt);
}

void LinkState::Set(const LinkRecordId& id, std::optional<Bytes> value) {
  auto slot = FirstFrom(&slots_, id);
  if (slot == slots_.end() || slot->id != id) slot = slots_.insert(slot, Slot{.id = id});
  slot->value = std::move(value);
  slot->changed = true;
}

std::optional<WriteRequest> LinkState::ToWrite(uint64_t source) {
  std::vector<LinkMutation> mutations;
  mutations.reserve(slots_.size());
  for (const Slot& slot : slots_) {
    if (!slot.changed) continue;
    mutations.push_back(
        {slot.id, slot.value ? std::optional<ByteView>(*slot.value) : std::nullopt});
  }
  if (mutations.empty()) return std::nullopt;
  return WriteRequestOf(mutations, source);
}

}  // namespace smile
