#include "service/links/link_change.h"

#include <span>
#include <string>
#include <utility>

namespace smile {
namespace {

LinkSide BackOf(const LinkSide& side, LinkKind inverse) {
  return {.user = side.other, .kind = inverse, .other = side.user};
}

// The inverse if there is no link.
LinkKind NewInverse(const LinkChange& change) {
  return change.inverse.value_or(InverseOf(change.side.kind));
}

Status OtherInverse(LinkKind kind, LinkKind inverse) {
  return {Code::kConditionFailed,
          "there is a link of kind " + std::to_string(static_cast<int>(kind)) +
              " whose inverse is of kind " + std::to_string(static_cast<int>(inverse)) +
              ": remove it first"};
}

Result<LinkChanged> Link(const LinkChange& change, const std::optional<LinkRecord>& old,
                         uint64_t now_ms, LinkState* state) {
  const LinkSide& side = change.side;
  const LinkKind inverse = old ? old->inverse : NewInverse(change);
  if (old && change.inverse && *change.inverse != inverse) return OtherInverse(side.kind, inverse);
  const LinkSide back = BackOf(side, inverse);
  SMILE_ASSIGN(const std::optional<LinkRecord> old_back, state->Find(back));
  if (old_back && old_back->inverse != side.kind) return OtherInverse(inverse, old_back->inverse);
  const uint64_t time_ms = change.time_ms.value_or(old ? old->time_ms : now_ms);
  state->Put(side, {.time_ms = time_ms, .inverse = inverse, .value = change.value});
  state->Put(back, {.time_ms = time_ms, .inverse = side.kind, .value = change.value});
  return LinkChanged{.changed = !old, .time_ms = time_ms};
}

Result<LinkChanged> Unlink(const LinkSide& side, const std::optional<LinkRecord>& old,
                           LinkState* state) {
  if (!old) return LinkChanged{};
  const LinkSide back = BackOf(side, old->inverse);
  const Result<std::optional<LinkRecord>> old_back = state->Find(back);
  const bool is_damaged = old_back.status().code() == Code::kCorrupt && state->MayHaveRecord(back);
  if (!old_back.ok() && !is_damaged) return old_back.status();
  state->Remove(side, old->time_ms);
  // One that cannot be read goes, too. Without damage it is there, and of this link.
  if (is_damaged || (*old_back && (*old_back)->inverse == side.kind)) {
    state->Remove(back, old->time_ms);
  }
  return LinkChanged{.changed = true, .time_ms = old->time_ms};
}

std::vector<LinkSide> SidesOf(std::span<const LinkChange* const> changes) {
  std::vector<LinkSide> sides;
  sides.reserve(2 * changes.size());
  for (const LinkChange* change : changes) {
    sides.push_back(change->side);
    sides.push_back(BackOf(change->side, NewInverse(*change)));
  }
  return sides;
}

// The backs of links whose inverse is another than expected.
std::vector<LinkSide> OtherBacks(std::span<const LinkChange* const> changes,
                                 const LinkState& state) {
  std::vector<LinkSide> others;
  for (const LinkChange* change : changes) {
    const Result<std::optional<LinkRecord>> link = state.Find(change->side);
    if (!link.ok() || !link->has_value()) continue;
    const LinkKind inverse = (*link)->inverse;
    if (inverse != NewInverse(*change)) others.push_back(BackOf(change->side, inverse));
  }
  return others;
}

}  // namespace

bool LoadNowFor(std::span<const LinkChange* const> changes, LinkState* state) {
  return state->LoadNow(SidesOf(changes)) && state->LoadNow(OtherBacks(changes, *state));
}

Task<Status> LoadFor(std::vector<const LinkChange*> changes, LinkState* state) {
  if (Status loaded = co_await state->Load(SidesOf(changes)); !loaded.ok()) co_return loaded;
  co_return co_await state->Load(OtherBacks(changes, *state));
}

Result<LinkChanged> ApplyChange(const LinkChange& change, uint64_t now_ms, LinkState* state) {
  SMILE_ASSIGN(const std::optional<LinkRecord> old, state->Find(change.side));
  if (change.kind == LinkChange::Kind::kUnlink) return Unlink(change.side, old, state);
  return Link(change, old, now_ms, state);
}

}  // namespace smile
