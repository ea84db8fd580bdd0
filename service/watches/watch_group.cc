#include "service/watches/watch_group.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "service/watches/watch_limits.h"

namespace smile {
namespace {

// Of a node of a hash table or map, beside its element; with its bucket.
constexpr size_t kNodeBytes = 48;

Status TooManyTargets(size_t count) {
  if (count == 0) return {Code::kInvalid, "a watch needs at least one partition"};
  return {Code::kTooLarge, fmt::format("a watch of {} partitions: watch 1 to {} with one request",
                                       count, limits::kMaxWatchTargets)};
}

Status TooManyOfOwner(size_t limit) {
  return {Code::kTooLarge,
          fmt::format("the connection would watch more than {} partitions: cancel a watch, or use "
                      "another connection",
                      limit)};
}

Status NoMemoryForWatch() {
  return {Code::kOverloaded, "the memory for watches is used up: retry later",
          limits::kWatchRetryMillis};
}

Status TooSlow() {
  return {Code::kOverloaded,
          "the watch ended because its events were not received fast enough: watch again, after "
          "the last version received",
          limits::kWatchRetryMillis};
}

}  // namespace

WatchGroup::WatchGroup(WatchHub* hub, std::function<void()> wake)
    : hub_(hub), member_{.wake = std::move(wake)} {
  hub_->Add(&member_);
}

WatchGroup::~WatchGroup() {
  CHECK(watches_.empty() && owners_.empty() && partitions_.empty(), "watches end before the group");
  CHECK(!is_running_);
  hub_->Remove(&member_);
}

Status WatchGroup::Validate(const WatchRequest& request) const {
  const size_t count = request.targets.size();
  if (count == 0 || count > limits::kMaxWatchTargets) return TooManyTargets(count);
  for (const WatchTarget& target : request.targets) {
    const TableInfo& table = InfoOf(target.table);
    if (WatchingOf(target.table) == Watching::kNever) {
      return {Code::kInvalid, fmt::format("table: {} cannot be watched", table.name)};
    }
    SMILE_TRY(ValidatePartition({target.table, target.partition}));
  }
  const auto owner = owners_.find(request.owner);
  const size_t before = owner == owners_.end() ? 0 : owner->second.targets;
  const size_t limit = hub_->limits_.targets_per_owner;
  return before + count > limit ? TooManyOfOwner(limit) : Status();
}

Status WatchGroup::Watch(const WatchRequest& request, WatchSink* sink) {
  SMILE_TRY(Validate(request));
  size_t bytes = sizeof(OneWatch) + 2 * kNodeBytes;
  for (const WatchTarget& target : request.targets) {
    bytes += sizeof(Place) + 2 * sizeof(Subscriber) + sizeof(Partitions::value_type) + kNodeBytes +
             AllocatedBytes(1 + target.partition.size());
  }
  if (!hub_->TryTakeBytes(bytes)) return NoMemoryForWatch();
  OneWatch* const added = Add(request, sink, bytes);
  const uint64_t id = added->id;
  // First, so that what is not in the history at `end` wakes the group.
  hub_->history_.Keep();
  const bool was_resting = !member_.has_watches.exchange(true);
  const WatchHistory::End end = hub_->history_.end();
  if (was_resting) position_ = end.next;
  added->start = end.next;
  sink->OnStart(id, end.newest);
  // The history is looked at once: what is in it up to `end` is told here, and all later changes
  // with those of the others, although the group may have to look at some of these first.
  if (OneWatch* const watch = Find(id)) {
    for (const WatchTarget& target : request.targets) {
      Subscribe(watch, WatchKey(target.table, target.partition), end.newest);
    }
    TellPast(id, LookBack(request, end.newest), end.newest);
  }
  PublishCounts();
  return {};
}

WatchGroup::OneWatch* WatchGroup::Add(const WatchRequest& request, WatchSink* sink, size_t bytes) {
  const uint64_t id = next_id_++;
  OneWatch& watch = watches_[id];
  watch.id = id;
  watch.owner = request.owner;
  watch.sink = sink;
  watch.values = request.values;
  watch.targets = request.targets.size();
  watch.places.reserve(watch.targets);
  watch.bytes = bytes;
  Owner& owner = owners_[request.owner];
  owner.watches.insert(id);
  owner.targets += watch.targets;
  hub_->counters_.watches += 1;
  hub_->counters_.targets += watch.targets;
  return &watch;
}

WatchGroup::OneWatch* WatchGroup::Find(uint64_t id) {
  const auto watch = watches_.find(id);
  return watch == watches_.end() ? nullptr : &watch->second;
}

void WatchGroup::Subscribe(OneWatch* watch, Bytes key, uint64_t after) {
  Partitions::value_type& partition = *partitions_.try_emplace(std::move(key)).first;
  Subscribers& subscribers = partition.second;
  const auto target = static_cast<uint32_t>(watch->places.size());
  watch->places.push_back({&partition, subscribers.list.size()});
  subscribers.list.push_back({watch, target, after});
  ++subscribers.live;
}

// Since the version `newest` there may be further changes, which are left out.
WatchGroup::Past WatchGroup::LookBack(const WatchRequest& request, uint64_t newest) const {
  Past past;
  WatchHistory::PastLimits left = hub_->limits_.past;
  if (!request.values) left.value_bytes = SIZE_MAX;
  for (uint32_t target = 0; target < request.targets.size(); ++target) {
    const auto& [table, partition, after] = request.targets[target];
    if (!after.has_value()) continue;
    WatchHistory::Past found = hub_->history_.Since(WatchKey(table, partition), *after, left);
    if (found.is_gap) past.gaps.push_back(target);
    left.changes -= found.changes.size();
    for (WatchHistory::Found& change : found.changes) {
      if (request.values) left.value_bytes -= change.change->value.size();
      if (change.change->version > newest) break;
      past.events.push_back({target, std::move(change)});
    }
  }
  std::stable_sort(past.events.begin(), past.events.end(), [](const auto& a, const auto& b) {
    return a.found.change->version < b.found.change->version;
  });
  return past;
}

// Gaps last: what was told before is then all there is up to the version of each message.
void WatchGroup::TellPast(uint64_t id, const Past& past, uint64_t newest) {
  for (const Past::Event& event : past.events) {
    OneWatch* const watch = Find(id);
    if (watch == nullptr) return;
    TellEvent(watch, event.target, event.found.batch, *event.found.change);
  }
  for (const uint32_t target : past.gaps) {
    OneWatch* const watch = Find(id);
    if (watch == nullptr) return;
    if (past.gaps.size() == watch->targets) return TellGap(watch, std::nullopt, newest);
    TellGap(watch, target, newest);
  }
}

bool WatchGroup::Cancel(uint64_t id) {
  const auto watch = watches_.find(id);
  if (watch == watches_.end()) return false;
  Remove(watch);
  return true;
}

void WatchGroup::CancelAll(uint64_t id) {
  for (auto owner = owners_.find(id); owner != owners_.end(); owner = owners_.find(id)) {
    CHECK(Cancel(*owner->second.watches.begin()));
  }
}

void WatchGroup::EndAll(const Status& status) {
  const uint64_t end = next_id_;
  while (!watches_.empty() && watches_.begin()->first < end) {
    WatchSink* const sink = watches_.begin()->second.sink;
    Remove(watches_.begin());
    sink->OnEnd(status);
  }
}

void WatchGroup::Remove(std::map<uint64_t, OneWatch>::iterator found) {
  const OneWatch& watch = found->second;
  for (const Place& place : watch.places) {
    Subscribers& subscribers = place.partition->second;
    subscribers.list[place.index].watch = nullptr;
    --subscribers.live;
    Tidy(place.partition);
  }
  const auto owner = owners_.find(watch.owner);
  CHECK(owner != owners_.end() && owner->second.watches.erase(watch.id) == 1);
  owner->second.targets -= watch.targets;
  if (owner->second.watches.empty()) {
    CHECK(owner->second.targets == 0);
    owners_.erase(owner);
  }
  hub_->counters_.watches -= 1;
  hub_->counters_.targets -= watch.targets;
  hub_->GiveBytes(watch.bytes);
  watches_.erase(found);
  if (watches_.empty() && !is_running_) Rest();
}

// Takes out those that were cancelled, when they are half of the list.
void WatchGroup::Tidy(Partitions::value_type* partition) {
  Subscribers& subscribers = partition->second;
  if (subscribers.is_in_use || subscribers.list.size() < 2 * subscribers.live + 1) return;
  if (subscribers.live == 0) {
    partitions_.erase(partitions_.find(partition->first));
    return;
  }
  std::vector<Subscriber>& list = subscribers.list;
  std::erase_if(list, [](const Subscriber& subscriber) { return subscriber.watch == nullptr; });
  list.shrink_to_fit();
  CHECK(list.size() == subscribers.live);
  for (size_t i = 0; i < list.size(); ++i) list[i].watch->places[list[i].target].index = i;
}

void WatchGroup::TellEvent(OneWatch* watch, uint32_t target, const BatchPointer& batch,
                           const HistoryChange& change) {
  const uint64_t id = watch->id;
  ++events_;
  const WatchEvent event{
      .target = target,
      .kind = change.kind,
      .sort = change.sort,
      .version = change.version,
      .checksum = change.checksum,
      .expires_ms = change.expires_ms,
      .value = watch->values && change.has_value ? std::optional(change.value) : std::nullopt,
      .batch = batch};
  EndIfSlow(id, watch->sink->OnEvent(event));
}

void WatchGroup::TellGap(OneWatch* watch, std::optional<uint32_t> target, uint64_t after) {
  const uint64_t id = watch->id;
  ++gaps_;
  EndIfSlow(id, watch->sink->OnGap({.target = target, .after = after}));
}

void WatchGroup::EndIfSlow(uint64_t id, SinkAnswer answer) {
  if (answer == SinkAnswer::kTaken) return;
  const auto watch = watches_.find(id);
  if (watch == watches_.end()) return;
  WatchSink* const sink = watch->second.sink;
  Remove(watch);
  hub_->counters_.ended_slow += 1;
  sink->OnEnd(TooSlow());
}

}  // namespace smile
