// Changes of links: each is one write of both sides, in their two partitions.
//
// A change reads what it replaces, so changes of one user run one after the other: in the order of
// their calls. Those of a user with many links that wait for each other are taken together, up to
// limits::kMaxLinksTogether, and are mostly one write. Whoever waits for two users is in both
// queues from the call on and takes both at once: there is no order of locks in which two could
// wait for each other.
//
// One process serves an engine; nobody else writes these records.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/links/link_change.h"

namespace smile {

class LinkWriter {
 public:
  using Done = std::function<void(Result<LinkChanged>)>;

  // Both outlive the writer. The engine can write together (CHECK).
  LinkWriter(Engine& engine, const Clock& clock);
  // No change is in flight (CHECK).
  ~LinkWriter();

  // `done` is called once, on any thread, possibly before Submit returns. kConditionFailed: there
  // is such a link, in either direction, with another inverse. Any thread.
  void Submit(LinkChange change, Done done);

 private:
  class Queue;
  struct Waiting {
    LinkChange change;
    Done done;
    std::array<Queue*, 2> queues;  // of its users
  };
  using Batch = std::vector<std::shared_ptr<Waiting>>;
  using Changes = std::span<const std::shared_ptr<Waiting>>;
  using Results = std::vector<Result<LinkChanged>>;
  // The changes that wait for a user; mostly one, for which it is small.
  class Queue {
   public:
    uint64_t batch = 0;  // that is changing the user's links; 0: none
    bool empty() const { return first_ == waiting_.size(); }
    const std::shared_ptr<Waiting>& first() const { return waiting_[first_]; }
    void Push(std::shared_ptr<Waiting> waiting);
    void Pop();

   private:
    Batch waiting_;
    size_t first_ = 0;  // those before it are done
  };

  // With the lock held:
  bool IsNext(const Waiting& waiting);
  Batch TakeBatch(const Waiting& first);
  std::vector<Batch> Release(const Batch& batch);

  static void RunInTurn(LinkWriter* writer, std::vector<Batch> batches);
  Task<void> Run(Batch batch);
  Task<Status> Apply(Changes batch, Results* results);
  Task<void> ApplyEach(Changes changes, Results* results);

  const EngineCalls engine_;
  const Clock& clock_;
  std::mutex mutex_;
  uint64_t last_batch_ = 0;                     // guarded by mutex_
  std::unordered_map<uint64_t, Queue> queues_;  // likewise; of users with changes
};

}  // namespace smile
