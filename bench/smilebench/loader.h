// One thread of smilebench: an event loop, and some of the connections with their requests.
//
// A load has three phases: connect (one ping per connection), preload (each record is written
// once), run (what is measured). Each is a number of operations that slots carry out: a slot is one
// request in flight, and belongs to one connection. In a closed loop a slot sends its next request
// as soon as the last one is answered. In an open loop operations are due at fixed times and wait
// for an idle slot; their latency counts from when they were due, so that a stall of the server is
// not hidden (Tene, "How NOT to measure latency", 2013: coordinated omission). For the same reason
// operations without an answer are in the latencies (see Unanswered).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "bench/smilebench/driver.h"
#include "bench/smilebench/generator.h"
#include "bench/smilebench/options.h"
#include "bench/smilebench/photos.h"
#include "bench/smilebench/report.h"
#include "bench/smilebench/verifier.h"
#include "net/event_loop.h"

namespace smile::bench {

// One loader's share of a phase.
struct Phase {
  enum class Kind : uint8_t { kConnect, kPreload, kRun };

  Kind kind = Kind::kConnect;
  uint64_t operations = UINT64_MAX;  // maximum
  int64_t start_nanos = 0;           // on the monotonic clock
  int64_t end_nanos = INT64_MAX;     // nothing is sent from here on
  double interval_nanos = 0;         // from one due time to the next; 0: closed loop
};

class Loader final : private DriverEvents {
 public:
  // Number `index` of the threads in `options`. `clock` outlives it.
  static Result<std::unique_ptr<Loader>> Create(const BenchOptions& options, uint32_t index,
                                                const Clock* clock);
  ~Loader() override;
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Any thread, one phase at a time. The results are those of this phase.
  std::future<Results> Begin(const Phase& phase);

  // Any thread: in an open loop, sends what has become due. Called often.
  void SendDue();

  // Any thread: ends the phase now, and with it the use of this loader. What is in flight counts as
  // unanswered. No effect between phases.
  void Cut();

  // Any thread: operations of this phase that are answered so far.
  uint64_t answered() const { return answered_.load(std::memory_order_relaxed); }

  // Including idle ones.
  uint32_t connections() const { return connection_count_ + idle_connections_; }
  // Number of records that the preload phase writes.
  uint64_t preload_operations() const;

 private:
  struct Slot {
    Generator::Choice choice;
    int64_t from_nanos = 0;  // latency counts from here
    bool in_flight = false;
  };

  Loader(const BenchOptions& options, uint32_t index, const Clock* clock,
         std::unique_ptr<EventLoop> loop);
  void OnAnswer(uint32_t slot, const Status& status, const Found& found) override;

  void Begin(const Phase& phase, std::promise<Results> promise);
  void Pump(int64_t now);
  bool TakeOperation(int64_t now, int64_t* from_nanos);
  void FinishIfDone(int64_t now);
  void Finish(int64_t now);
  void CountNeverSent(int64_t now);
  uint32_t SlotsInUse() const;
  uint32_t ConnectionOf(uint32_t slot) const;
  void Issue(uint32_t slot, int64_t from_nanos);
  std::span<uint64_t> NumbersOf(uint32_t slot);
  Operation OperationOf(uint32_t slot);
  uint32_t PreloadDepth() const;
  void Start(uint32_t slot);
  void Count(const Slot& slot, const Status& status, bool right, int64_t now);
  Histogram& LatenciesOf(const Slot& slot);

  const BenchOptions options_;
  const uint32_t index_;
  const Clock* const clock_;
  const uint32_t connection_count_;
  const uint32_t idle_connections_;
  const std::unique_ptr<EventLoop> loop_;

  // Of the loop's thread.
  std::unique_ptr<Driver> driver_;
  std::vector<Slot> slots_;             // see ConnectionOf
  std::vector<uint64_t> mget_numbers_;  // kKeysPerMGet for each slot
  std::deque<uint32_t> idle_;           // slots
  uint32_t in_flight_ = 0;
  Generator generator_;
  const std::unique_ptr<const Photos> photos_;  // null: other records
  const Verifier verifier_;
  uint64_t generation_ = 0;
  int64_t last_answer_nanos_ = 0;
  double storage_cpu_at_begin_ = 0;
  Bytes value_;
  bool in_phase_ = false;
  bool lost_ = false;      // a connection: the phase ends
  bool past_end_ = false;  // of the phase: nothing more is sent
  bool cut_ = false;       // later answers are ignored
  Phase phase_;
  uint64_t taken_ = 0;  // operations begun in this phase
  Results results_;
  std::promise<Results> promise_;

  std::atomic<uint64_t> answered_{0};
  std::atomic<bool> send_due_posted_{false};

  std::thread thread_;
};

}  // namespace smile::bench
