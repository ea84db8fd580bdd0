// Worker: one thread with one event loop, a listening socket of its own on the shared port, and the
// connections that it has accepted.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "net/event_loop.h"
#include "server/discarded_input.h"
#include "server/handlers.h"
#include "server/metrics.h"
#include "server/served_connection.h"
#include "server/server_log.h"
#include "server/session.h"
#include "server/turn_bytes.h"

namespace smile {

// Limits the connections of all workers together. Any thread.
class ConnectionBudget {
 public:
  explicit ConnectionBudget(uint32_t limit) : limit_(limit) {}

  bool TryTake() {
    if (taken_.fetch_add(1, std::memory_order_relaxed) < limit_) return true;
    GiveBack();
    return false;
  }
  void GiveBack() {
    CHECK(taken_.fetch_sub(1, std::memory_order_relaxed) > 0, "what is given back was taken");
  }

 private:
  const uint32_t limit_;
  std::atomic<uint32_t> taken_{0};
};

// Unless stated otherwise, functions are called from the thread that created the worker.
class Worker {
 public:
  // What all workers share; outlives them.
  struct Shared {
    // Null while the server starts: connections are rejected.
    const std::atomic<const Handlers*>& handlers;
    const Clock& clock;
    ServerLog& log;
    ConnectionBudget& budget;
    MemoryBudget& memory;
    int64_t idle_millis;  // 0: no idle timeout
  };

  static Result<std::unique_ptr<Worker>> Create(const Shared& shared, ListeningSocket socket);
  // After Stop().
  ~Worker();

  void Start();

  // Accepts no new connections, and closes each connection when its requests are answered.
  void Drain();
  // Whether draining has finished: the worker no longer calls the engine. Any thread.
  bool drained() const { return drained_.load(std::memory_order_acquire); }

  // Ends the remaining connections.
  void AbortConnections();

  // Ends the thread and drops the remaining connections.
  void Stop();

  // Any thread.
  const WorkerMetrics& metrics() const { return metrics_; }

 private:
  class Rejection;

  Worker(const Shared& shared, std::unique_ptr<EventLoop> loop, ListeningSocket socket);
  void Accept(std::unique_ptr<Transport> transport);
  bool MayServe();
  void Reject(std::unique_ptr<Transport> transport, const Status& why);
  void EndTurn();
  void FlushAll();
  void ReadOn();
  void TellWatches();
  void MarkForFlush(ServedConnection* connection);
  void Remove(ServedConnection* connection);
  void HoldBack(ServedConnection* connection);
  void LookAtHeldBack();
  void FreeMemory();
  void CloseSome();
  void SeeWhetherDrained();
  void Tick();

  const Shared& shared_;
  WorkerMetrics metrics_;
  MemoryPool memory_;  // outlives tasks that are posted to the loop
  DiscardedInput discarded_;
  const std::unique_ptr<EventLoop> loop_;
  // Both are none while the server starts.
  std::optional<WatchGroup> watches_;  // of its connections
  std::optional<Session::Shared> session_shared_;
  bool watches_are_due_ = false;  // there is something to tell them
  TurnBytes turn_;
  const ServedConnection::Owner owner_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Timer> look_timer_;         // while held_back_ is not empty
  std::vector<ServedConnection*> held_back_;  // until others have released memory
  std::unique_ptr<Timer> close_timer_;        // while to_close_ is not empty
  std::deque<ServedConnection*> to_close_;    // to free memory, the largest first
  std::unordered_map<ServedConnection*, std::unique_ptr<ServedConnection>> connections_;
  std::unordered_map<Rejection*, std::unique_ptr<Rejection>> rejections_;
  std::vector<ServedConnection*> to_flush_;
  std::deque<ServedConnection*> awaiting_read_;
  bool draining_ = false;
  std::atomic<bool> drained_{false};
  std::thread thread_;
};

}  // namespace smile
