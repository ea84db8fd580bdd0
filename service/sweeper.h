// Finishes or undoes what a crash, a lost engine or a failed step left between partitions: executes
// the items of the work log whose time has come, on a thread of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "service/work_log.h"

namespace smile {

class Sweeper {
 public:
  // Executes an item, which may be repeated. Ok: it is not needed any more.
  using Finish = std::function<Task<Status>(WorkItem item)>;

  // What is not in the work log, executed before its items; may be none.
  using Also = std::function<Task<Status>()>;

  // All outlive the sweeper.
  Sweeper(Engine& engine, const Clock& clock, Finish finish, Also also = nullptr)
      : log_(engine), clock_(clock), finish_(std::move(finish)), also_(std::move(also)) {}
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  // Sweeps every limits::kSweepMillis until Stop().
  void Start();
  // Ends the thread after the item that it executes. Further calls do nothing.
  void Stop();

  // Executes all items that are due now. An item that fails is due again after
  // limits::kWorkGraceMillis. Blocks; not on a thread that completes calls of the engine. The
  // number of items that are done.
  Result<uint64_t> Sweep();

  // Named values for STATS. Any thread.
  EngineStats Stats() const;

 private:
  void Run();
  bool stopping() const;
  Status Postpone(WorkItem item, uint64_t now_ms) const;

  const WorkLog log_;
  const Clock& clock_;
  const Finish finish_;
  const Also also_;

  std::atomic<uint64_t> finished_{0};
  std::atomic<uint64_t> postponed_{0};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace smile
