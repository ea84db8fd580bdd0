// The watches of one worker's connections. All functions are called on one thread, the worker's.
//
// After it was woken, the worker calls Run until it says that there is no more, with other work
// between the calls: each is a bounded number of calls of sinks. A group reads the history at its
// own pace, and one that falls so far back that changes were dropped tells its watches of a gap.
//
// A new watch that begins in the past is told of it before Watch returns, with a bounded number of
// events. From then on it is told with all others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/status.h"
#include "service/watches/watch_history.h"
#include "service/watches/watch_hub.h"
#include "service/watches/watch_sink.h"

namespace smile {

class WatchGroup {
 public:
  // `wake` is called on the committer's thread when there is something for Run, possibly with locks
  // held: it is cheap, does not block and does not call the group or the hub. It is not called
  // again before the next Run, and not after the destructor. The hub outlives the group.
  WatchGroup(WatchHub* hub, std::function<void()> wake);
  // After all watches have ended (CHECK).
  ~WatchGroup();
  WatchGroup(const WatchGroup&) = delete;
  WatchGroup& operator=(const WatchGroup&) = delete;

  // Starts a watch. If it is not ok, the sink is not called: kInvalid for a table that cannot be
  // watched, an id that does not fit it or no target, kTooLarge for too many targets, also of the
  // owner together, kOverloaded for want of memory. If it is ok, the sink was called with OnStart,
  // then with what was in the past; the watch may even have ended since. Keeps `sink`, see there.
  Status Watch(const WatchRequest& request, WatchSink* sink);

  // Ends a watch; its sink is not called again. False if there is none, as it may have ended.
  bool Cancel(uint64_t watch);
  // Likewise for all watches of an owner. Costs as much as they have targets.
  void CancelAll(uint64_t owner);
  // Calls OnEnd of each watch, such as with kShuttingDown.
  void EndAll(const Status& status);

  // Tells what is new; limits::kWatchSliceWork at the most. True: there is more, call it again.
  bool Run();

  size_t watches() const { return watches_.size(); }

  // The watches were told all changes up to this version, or began after it.
  uint64_t ToldThrough() const;

 private:
  struct OneWatch;
  // A target of a watch, in the list of its partition.
  struct Subscriber {
    OneWatch* watch = nullptr;  // null: cancelled
    uint32_t target = 0;
    uint64_t after = 0;  // the watch knows the changes up to this version
  };
  // Of one partition. The list only grows while a change is told from it.
  struct Subscribers {
    std::vector<Subscriber> list;
    size_t live = 0;
    bool is_in_use = false;
  };
  struct KeyHash {
    using is_transparent = void;
    size_t operator()(ByteView key) const { return hash(key); }
    SecretHash hash;
  };
  using Partitions = std::unordered_map<Bytes, Subscribers, KeyHash, std::equal_to<>>;
  struct Place {
    Partitions::value_type* partition = nullptr;
    size_t index = 0;
  };
  struct OneWatch {
    uint64_t id = 0;
    uint64_t owner = 0;
    WatchSink* sink = nullptr;
    bool values = false;
    uint64_t start = 0;         // it knows of gaps in earlier batches
    std::vector<Place> places;  // of its targets, in their order, as far as it has begun
    size_t targets = 0;
    size_t bytes = 0;
  };
  struct Owner {
    std::set<uint64_t> watches;
    size_t targets = 0;
  };
  // A gap that all watches are told of which began before the batch `before`.
  struct GapForAll {
    uint64_t before = 0;
    uint64_t after = 0;       // as in WatchGap
    uint64_t next_watch = 0;  // the smallest id that was not looked at
  };

  Status Validate(const WatchRequest& request) const;
  OneWatch* Add(const WatchRequest& request, WatchSink* sink, size_t bytes);
  OneWatch* Find(uint64_t id);  // null: it is gone
  void Subscribe(OneWatch* watch, Bytes key, uint64_t after);
  void Remove(std::map<uint64_t, OneWatch>::iterator watch);
  void Tidy(Partitions::value_type* partition);
  // What a new watch is told first: events in the order of their versions, then gaps.
  struct Past {
    struct Event {
      uint32_t target;
      WatchHistory::Found found;
    };
    std::vector<uint32_t> gaps;  // indexes of targets
    std::vector<Event> events;
  };
  Past LookBack(const WatchRequest& request, uint64_t newest) const;
  // They call the sink, so the watch may be gone afterwards.
  void TellPast(uint64_t id, const Past& past, uint64_t newest);
  void TellEvent(OneWatch* watch, uint32_t target, const BatchPointer& batch,
                 const HistoryChange& change);
  void TellGap(OneWatch* watch, std::optional<uint32_t> target, uint64_t after);
  void EndIfSlow(uint64_t id, SinkAnswer answer);

  // Parts of Run; each does some work.
  bool FindWork();
  void ContinueGap(size_t* left);
  void ContinueBatch(size_t* left);
  void ContinueChange(const BatchPointer& batch, const HistoryChange& change, size_t* left);
  void Rest();  // when there are no watches
  void PublishCounts();

  WatchHub* const hub_;
  WatchHub::Member member_;
  std::map<uint64_t, OneWatch> watches_;  // by id
  std::unordered_map<uint64_t, Owner> owners_;
  Partitions partitions_;
  uint64_t next_id_ = 1;
  bool is_running_ = false;  // in Run
  uint64_t events_ = 0;      // not published yet
  uint64_t gaps_ = 0;        // likewise

  uint64_t told_through_ = 0;
  uint64_t position_ = 1;            // the number of the next batch to take
  std::vector<BatchPointer> taken_;  // those before it
  // Where in them Run stopped: the batch, the change, and in the list of its partition.
  size_t batch_ = 0;
  size_t change_ = 0;
  size_t subscriber_ = 0;
  Partitions::value_type* current_ = nullptr;  // of that change, once it was found
  std::optional<GapForAll> gap_;               // told before anything else
};

}  // namespace smile
