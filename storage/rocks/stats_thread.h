// A thread that collects RocksDB's statistics. They need a lock that RocksDB may hold for a long
// time, so only the callers that asked for them wait; and collecting them does not wait for reads.
// Calls that arrive while statistics are collected are answered by the next collection.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/engine.h"

namespace smile {

class StatsThread {
 public:
  using Done = std::function<void(EngineStats)>;

  // `gather` is called on the thread.
  explicit StatsThread(std::function<EngineStats()> gather);
  ~StatsThread();
  StatsThread(const StatsThread&) = delete;
  StatsThread& operator=(const StatsThread&) = delete;

  // Any thread. `done` gets statistics that were collected after this call; empty after Close().
  void Ask(Done done);

  // Answers all calls, then ends the thread. Further calls do nothing.
  void Close();

 private:
  void Run();

  const std::function<EngineStats()> gather_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Done> waiting_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace smile
