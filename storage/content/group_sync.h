// Makes segments durable on a thread of its own: all that was asked for meanwhile is one sync of
// each segment. Any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/status.h"
#include "storage/content/segment.h"

namespace smile {

class GroupSync {
 public:
  using Done = std::function<void(const Status& synced)>;

  GroupSync();
  ~GroupSync();
  GroupSync(const GroupSync&) = delete;
  GroupSync& operator=(const GroupSync&) = delete;

  // What was written to the segment before is durable when `done` is called with ok, on the thread.
  // kShuttingDown after Close(), at once.
  void Add(std::shared_ptr<Segment> segment, Done done);

  // Completes what was added, and ends the thread. Further calls do nothing.
  void Close();

 private:
  struct Waiting {
    std::shared_ptr<Segment> segment;
    Done done;
  };

  void Run();
  static void Sync(const std::vector<Waiting>& group);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Waiting> waiting_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace smile
