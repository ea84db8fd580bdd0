#include "server/session_watches.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "model/key.h"
#include "service/watches/watch_limits.h"

namespace smile {
namespace {

// Of a watched partition, in less memory than its id in bytes.
struct Watched {
  uint64_t id = 0;
  Table table = Table::kUsers;
};

WatchRequest ToServiceRequest(const op::Watch::Request& request, uint64_t owner) {
  WatchRequest watch{.owner = owner, .values = request.values};
  watch.targets.reserve(request.partitions.size());
  for (const PartitionView& partition : request.partitions) {
    watch.targets.push_back({.table = partition.table, .partition = Bytes(partition.id)});
    if (request.after != 0) watch.targets.back().after = request.after;
  }
  return watch;
}

}  // namespace

class SessionWatches::Sink final : public WatchSink {
 public:
  Sink(SessionWatches* all, uint32_t id, const op::Watch::Request& request)
      : all_(*all), id_(id), after_(request.after) {
    watched_.reserve(request.partitions.size());
    for (const PartitionView& partition : request.partitions) {
      watched_.push_back({DecodePartition(partition.id).value_or(0), partition.table});
    }
  }
  uint64_t watch() const { return watch_; }

  void OnStart(uint64_t watch, uint64_t newest) override {
    watch_ = watch;
    // A version that never was is told as a gap.
    version_ = after_ != 0 ? std::min(after_, newest) : newest;
    Write({.event = WatchedEvent::kStarted, .version = version_}, /*is_last=*/false);
  }
  SinkAnswer OnEvent(const WatchEvent& event) override {
    const Watched& watched = watched_[event.target];
    const Bytes partition = PartitionOf(watched.id);
    const bool is_put = event.kind == MutationKind::kPut;
    op::Watch::Response message{.event = is_put ? WatchedEvent::kPut : WatchedEvent::kDelete,
                                .version = event.version,
                                .expires_ms = is_put ? event.expires_ms : 0,
                                .key = KeyView{watched.table, partition, event.sort}};
    if (event.value.has_value()) {
      message.with_value = true;
      message.checksum = event.checksum;
      message.value = *event.value;
    }
    version_ = event.version;
    return Write(message, /*is_last=*/false);
  }
  SinkAnswer OnGap(const WatchGap& gap) override {
    op::Watch::Response message{.event = WatchedEvent::kGap, .version = gap.after};
    Bytes partition;
    if (gap.target.has_value()) {
      const Watched& watched = watched_[*gap.target];
      partition = PartitionOf(watched.id);
      message.gap = PartitionView{watched.table, partition};
    }
    version_ = gap.after;
    return Write(message, /*is_last=*/false);
  }
  void OnEnd(const Status& status) override {
    all_.output_.fail(id_, status);
    all_.sinks_.erase(id_);  // destroys this
  }

  void Tick(int64_t now_nanos, uint64_t told_through) {
    if (now_nanos - last_nanos_ < limits::kWatchProgressMillis * kNanosPerMilli) return;
    version_ = std::max(version_, told_through);
    // One that takes nothing is not in the way: the connection ends when it has stalled.
    Write({.event = WatchedEvent::kProgress, .version = version_}, /*is_last=*/false);
  }
  void End() { Write({.event = WatchedEvent::kEnded, .version = version_}, /*is_last=*/true); }

 private:
  SinkAnswer Write(const op::Watch::Response& message, bool is_last) {
    last_nanos_ = all_.clock_.MonotonicNanos();
    const bool taken = all_.output_.write(id_, message, is_last);
    CHECK(taken || !is_last, "a last message is always written");
    return taken ? SinkAnswer::kTaken : SinkAnswer::kTooSlow;
  }

  SessionWatches& all_;
  const uint32_t id_;
  const uint64_t after_;
  uint64_t watch_ = 0;
  uint64_t version_ = 0;  // it was told all changes up to this one
  int64_t last_nanos_ = 0;
  std::vector<Watched> watched_;
};

SessionWatches::SessionWatches(WatchGroup* group, const Clock* clock, Output output)
    : group_(group), clock_(*clock), output_(std::move(output)) {}

SessionWatches::~SessionWatches() {
  group_->CancelAll(reinterpret_cast<uintptr_t>(this));
}

Status SessionWatches::Start(uint32_t id, const op::Watch::Request& request) {
  const auto [at, is_new] = sinks_.try_emplace(id, std::make_unique<Sink>(this, id, request));
  CHECK(is_new, "an id belongs to one request");
  Sink* const sink = at->second.get();
  const WatchRequest watch = ToServiceRequest(request, reinterpret_cast<uintptr_t>(this));
  Status status = group_->Watch(watch, sink);
  if (!status.ok()) sinks_.erase(id);
  return status;
}

bool SessionWatches::Cancel(uint32_t id) {
  const auto found = sinks_.find(id);
  if (found == sinks_.end()) return false;
  End(found, {});
  return true;
}

void SessionWatches::EndAll(const Status& why) {
  while (!sinks_.empty()) End(sinks_.begin(), why);
}

void SessionWatches::End(Sinks::iterator watch, const Status& why) {
  CHECK(group_->Cancel(watch->second->watch()), "a sink belongs to a watch");
  if (!why.ok()) return watch->second->OnEnd(why);
  watch->second->End();
  sinks_.erase(watch);
}

void SessionWatches::Tick() {
  const int64_t now_nanos = clock_.MonotonicNanos();
  const uint64_t told_through = group_->ToldThrough();
  for (const auto& [id, sink] : sinks_) sink->Tick(now_nanos, told_through);
}

}  // namespace smile
