#include "service/links/link_state.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "model/path.h"

namespace smile {
namespace {

// Of one side: the head, and the links that it contained, and the one that is changed, with what it
// replaces, in both views.
constexpr size_t kMaxSideMutations = 1 + 2 * (kMaxCompactHeadBytes / kMinCompactLinkBytes) + 3;
static_assert(2 * kMaxSideMutations <= limits::kMaxBatchMutations, "any change is one write");

Status Damaged(const LinkRecordId& id) {
  return {Code::kCorrupt, "the record " + FormatKey(LinkKeyBytes(id).view()) + " is damaged"};
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

Task<Status> LinkState::Load(std::vector<LinkSide> sides) {
  while (!LoadNow(sides)) {
    if (Status read = co_await ReadUnknown(); !read.ok()) co_return read;
  }
  co_return Status();
}

bool LinkState::LoadNow(const std::vector<LinkSide>& sides) {
  while (unknown_.empty()) {  // heads, then links of those that are indexed
    const std::vector<LinkRecordId> ids = Missing(sides);
    if (ids.empty()) return true;
    Peek(ids);
  }
  return false;
}

std::vector<LinkRecordId> LinkState::Missing(const std::vector<LinkSide>& sides) const {
  std::vector<LinkRecordId> ids;
  ids.reserve(sides.size());
  for (const LinkSide& side : sides) {
    const Slot* const head = FindSlot(side.Head());
    if (head == nullptr) {
      ids.push_back(side.Head());
    } else if (head->indexed && !head->was_compact && FindSlot(side.Member()) == nullptr) {
      ids.push_back(side.Member());
    }
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// Adds slots for these records, which are sorted and have none, with what is known without waiting.
void LinkState::Peek(const std::vector<LinkRecordId>& ids) {
  std::vector<LinkKeyBytes> bytes;
  bytes.reserve(ids.size());  // so that views stay valid
  std::vector<KeyView> keys;
  keys.reserve(ids.size());
  for (const LinkRecordId& id : ids) keys.push_back(bytes.emplace_back(id).view());
  const size_t before = slots_.size();
  slots_.reserve(before + ids.size());
  engine_.PeekMany(keys, [&](size_t i, PeekResult result, const RecordView& record) {
    Slot& slot = slots_.emplace_back(Slot{.id = ids[i]});
    if (result == PeekResult::kFound) slot.value = Bytes(record.value);
    if (result == PeekResult::kUnknown) unknown_.push_back(ids[i]);
    return true;
  });
  std::inplace_merge(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(before),
                     slots_.end(), [](const Slot& a, const Slot& b) { return a.id < b.id; });
  for (const LinkRecordId& id : ids) NoteForm(id);
}

Task<Status> LinkState::ReadUnknown() {
  const std::vector<LinkRecordId> ids = std::exchange(unknown_, {});
  ReadRequest request;
  request.keys.reserve(ids.size());
  for (const LinkRecordId& id : ids) request.keys.emplace_back(LinkKeyBytes(id).view());
  Result<ReadReply> reply = co_await engine_.Read(std::move(request));
  if (!reply.ok()) co_return reply.status();
  for (size_t i = 0; i < ids.size(); ++i) {
    Slot& slot = SlotOf(ids[i]);
    Result<Record>& record = (*reply)[i];
    if (record.ok()) {
      slot.value = std::move(record->value);
    } else if (record.status().code() != Code::kNotFound) {
      slot.failure = record.status();
    }
    NoteForm(ids[i]);
  }
  co_return Status();
}

void LinkState::NoteForm(const LinkRecordId& id) {
  Slot& slot = SlotOf(id);
  if (id.sort.view != LinkView::kHead || !slot.value) return;
  const std::optional<LinkHead> head = DecodeLinkHead(*slot.value);
  slot.indexed = head && !head->compact;
  slot.was_compact = !slot.indexed;
}

const LinkState::Slot* LinkState::FindSlot(const LinkRecordId& id) const {
  const auto slot = FirstFrom(&slots_, id);
  return slot != slots_.end() && slot->id == id ? &*slot : nullptr;
}

LinkState::Slot& LinkState::SlotOf(const LinkRecordId& id) {
  const auto slot = FirstFrom(&slots_, id);
  CHECK(slot != slots_.end() && slot->id == id, "it was loaded");
  return *slot;
}

// Of no links: indexed only if it was when they were removed.
Result<LinkHead> LinkState::HeadOf(const LinkSide& side) const {
  const Slot* const slot = FindSlot(side.Head());
  CHECK(slot != nullptr, "it was loaded");
  if (!slot->failure.ok()) return slot->failure;
  if (!slot->value) return LinkHead{.count = 0, .compact = !slot->indexed};
  const std::optional<LinkHead> head = DecodeLinkHead(*slot->value);
  if (!head) return Damaged(slot->id);
  return *head;
}

Result<std::optional<LinkRecord>> LinkState::Find(const LinkSide& side) const {
  SMILE_ASSIGN(const LinkHead head, HeadOf(side));
  std::optional<LinkRecord> found;
  if (head.count == 0) return found;
  if (!head.compact) return FindRecord(side);
  const bool readable = head.ForEach([&](const CompactLink& link, ByteView) {
    if (link.other == side.other) found = RecordOf(link);
    return true;  // all are looked at: a damaged head is not changed
  });
  if (!readable) return Damaged(side.Head());
  return found;
}

Result<std::optional<LinkRecord>> LinkState::FindRecord(const LinkSide& side) const {
  const Slot* const member = FindSlot(side.Member());
  CHECK(member != nullptr || FindSlot(side.Head())->was_compact, "it was loaded");
  if (member == nullptr) return std::optional<LinkRecord>();
  if (!member->failure.ok()) return member->failure;
  if (!member->value) return std::optional<LinkRecord>();
  const auto record = DecodeLinkRecord(*member->value);
  if (!record) return Damaged(side.Member());
  return std::optional(Owned(*record));
}

// --- Changes -------------------------------------------------------------------------------------

bool LinkState::MayHaveRecord(const LinkSide& side) const {
  const Result<LinkHead> head = HeadOf(side);
  return head.ok() && !head->compact && head->count > 0;
}

void LinkState::Put(const LinkSide& side, const LinkRecord& record) {
  const LinkHead head = HeadOf(side).value();
  if (head.compact) {
    Bytes with = CompactHeadWith(head, {.time_ms = record.time_ms,
                                        .other = side.other,
                                        .inverse = record.inverse,
                                        .value = record.value});
    if (with.size() <= kMaxCompactHeadBytes) {
      Slot& changed = Set(side.Head(), std::move(with));
      return Tell(&changed, side.other, MutationKind::kPut);
    }
    MakeIndexed(side, head);
  }
  const std::optional<LinkRecord> old = Find(side).value();
  if (old && old->time_ms != record.time_ms) Set(side.Newest(old->time_ms), std::nullopt);
  Bytes bytes = Encode(record);
  Tell(&Set(side.Member(), bytes), side.other, MutationKind::kPut);
  Set(side.Newest(record.time_ms), std::move(bytes));
  if (!old) SetCount(side, HeadOf(side).value().count + 1);
}

void LinkState::Remove(const LinkSide& side, uint64_t time_ms) {
  const LinkHead head = HeadOf(side).value();
  if (head.compact) {
    Slot& changed = Set(side.Head(), CompactHeadWithout(head, side.other));
    return Tell(&changed, side.other, MutationKind::kDelete);
  }
  CHECK(head.count > 0);
  Tell(&Set(side.Member(), std::nullopt), side.other, MutationKind::kDelete);
  Set(side.Newest(time_ms), std::nullopt);
  SetCount(side, head.count - 1);
}

// Nobody is told: the links stay what they are.
void LinkState::MakeIndexed(const LinkSide& side, const LinkHead& head) {
  const Bytes encoded(head.links);  // of a slot that moves
  const LinkHead links{.count = head.count, .compact = true, .links = encoded};
  const bool readable = links.ForEach([&](const CompactLink& link, ByteView) {
    const LinkSide one{.user = side.user, .kind = side.kind, .other = link.other};
    Bytes bytes = Encode(RecordOf(link));
    Set(one.Member(), bytes);
    Set(one.Newest(link.time_ms), std::move(bytes));
    return true;
  });
  CHECK(readable, "it was read before");
  SlotOf(side.Head()).indexed = true;
  SetCount(side, links.count);
}

void LinkState::SetCount(const LinkSide& side, uint64_t count) {
  Set(side.Head(), count > 0 ? std::optional<Bytes>(EncodeIndexedHead(count)) : std::nullopt);
}

// The slot is valid until the next call.
LinkState::Slot& LinkState::Set(const LinkRecordId& id, std::optional<Bytes> value) {
  auto slot = FirstFrom(&slots_, id);
  if (slot == slots_.end() || slot->id != id) slot = slots_.insert(slot, Slot{.id = id});
  slot->value = std::move(value);
  slot->failure = {};
  mutations_ += slot->changed ? 0 : 1;
  slot->changed = true;
  return *slot;
}

// Of changes of one link in a record only the last is told.
void LinkState::Tell(Slot* slot, uint64_t other, MutationKind kind) {
  const auto same = std::find_if(slot->told.begin(), slot->told.end(),
                                 [&](const auto& one) { return one.other == other; });
  if (same != slot->told.end()) {
    same->kind = kind;
  } else {
    slot->told.push_back({.other = other, .kind = kind});
    ++mutations_;
  }
}

bool LinkState::HasRoom() const {
  return mutations_ + 2 * kMaxSideMutations <= limits::kMaxBatchMutations;
}

// An event has a version of its own, so a head that changed in several links is deleted for each
// but the last, without a value, before it is put.
std::optional<WriteRequest> LinkState::ToWrite(uint64_t source) {
  std::vector<LinkMutation> mutations;
  mutations.reserve(mutations_);
  for (const Slot& slot : slots_) {
    if (!slot.changed) continue;
    for (size_t i = 0; i + 1 < slot.told.size(); ++i) {
      mutations.push_back({.id = slot.id, .value = {}, .told = slot.told[i]});
    }
    LinkMutation& last = mutations.emplace_back(LinkMutation{.id = slot.id, .value = {}});
    if (slot.value) last.value = *slot.value;
    if (!slot.told.empty()) last.told = slot.told.back();
  }
  CHECK(mutations.size() <= mutations_ && mutations_ <= limits::kMaxBatchMutations);
  if (mutations.empty()) return std::nullopt;
  return WriteRequestOf(mutations, source);
}

}  // namespace smile
