// The hub of watches: observes the engine, keeps its newest changes, and wakes those who pass them
// on. Its work for a change is the same however many watch: one copy into the history
// (service/watches/watch_history.h), and one call for each worker that has watches and was not
// woken yet. Each worker tells its own watches, with a WatchGroup (service/watches/watch_group.h).
//
//   WatchHub hub;                                      // outlives the engine and the groups
//   hub.StartFrom(engine->Observe(&hub));              // before all writes
//   WatchGroup group(&hub, [&] { WakeMyWorker(); });   // of each worker
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "service/watches/watch_history.h"
#include "service/watches/watch_limits.h"
#include "storage/change_observer.h"

namespace smile {

struct WatchStats {
  uint64_t watches = 0;
  uint64_t targets = 0;        // watched partitions, counted for each watch
  uint64_t watch_bytes = 0;    // memory of watches, about
  uint64_t history_bytes = 0;  // memory of the history, about
  uint64_t events = 0;         // that were told since the start
  uint64_t gaps = 0;           // likewise
  uint64_t ended_slow = 0;     // watches that ended since the start because they were too slow
};

class WatchHub final : public ChangeObserver {
 public:
  struct Limits {
    size_t history_bytes = limits::kMaxWatchHistoryBytes;
    size_t watch_bytes = limits::kMaxWatchBytes;
    size_t targets_per_owner = limits::kMaxWatchTargetsPerConnection;
    size_t slice_work = limits::kWatchSliceWork;
    WatchHistory::PastLimits past{limits::kMaxPastChanges, limits::kMaxPastValueBytes};
  };

  WatchHub() : WatchHub(Limits()) {}
  explicit WatchHub(const Limits& limits) : limits_(limits), history_(limits.history_bytes) {}
  // After all groups (CHECK).
  ~WatchHub() override;
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  // What Engine::Observe returned. Before all changes (CHECK).
  void StartFrom(uint64_t newest) { history_.StartFrom(newest); }

  void OnChanges(std::span<const AppliedChange> changes) override;
  void OnGap() override;
  // Wakes the groups: the writes themselves come first.
  void OnAnswered() override;

  // Any thread. The figures are not of one moment.
  WatchStats Stats() const;

 private:
  friend class WatchGroup;

  // A group, as the committer sees it.
  struct Member {
    const std::function<void()> wake;
    std::atomic<bool> has_watches = false;
    std::atomic<bool> is_woken = false;  // and has not looked at the history since
  };
  struct Counters {
    std::atomic<uint64_t> watches = 0, targets = 0, events = 0, gaps = 0, ended_slow = 0;
    std::atomic<size_t> watch_bytes = 0;
  };

  void Add(Member* member);
  void Remove(Member* member);
  void WakeAll();
  // False: the limit is reached, and nothing was taken.
  bool TryTakeBytes(size_t bytes);
  void GiveBytes(size_t bytes);

  const Limits limits_;
  WatchHistory history_;
  std::atomic<bool> has_news_ = false;  // since groups were woken
  std::mutex members_mutex_;
  std::vector<Member*> members_;
  Counters counters_;
};

}  // namespace smile
