// A thread that gathers RocksDB's statistics. RocksDB may hold a lock for long that they need, so
// nobody waits for them but those who asked; and they wait for no read. All who ask while one
// gathering runs are answered by the next.
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

  // Any thread. `done` is given what was true after this call; nothing after Close().
  void Ask(Done done);

  // Answers who has asked, then ends the thread. More calls do nothing.
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
