// Counters of one worker. Written by the worker's thread, read by any: all are relaxed atomics.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/status.h"

namespace smile {

class Counter {
 public:
  // Only the owning worker's thread adds, so no locked instruction is needed.
  void Add(uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void Subtract(uint64_t amount) { Add(0 - amount); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

struct WorkerMetrics {
  Counter connections_accepted;
  Counter connections_refused;
  Counter connections_open;
  Counter bytes_received;
  Counter bytes_sent;
  Counter requests_open;
  // Memory of connections, see SessionMemory.
  Counter memory_input;
  Counter memory_requests;
  Counter memory_replies;
  Counter held_back;  // connections, each time that memory was short for one
  // Connections that were closed because of what the client did, or did not do.
  Counter closed_broken;                       // bytes that are not the protocol
  Counter closed_no_hello;                     // not in time
  Counter closed_idle;                         // --idle-timeout-seconds
  Counter closed_slow_frame;                   // limits::kFrameTimeoutMillis
  Counter closed_takes_nothing;                // limits::kStalledOutputTimeoutMillis
  Counter closed_for_memory;                   // the largest that kept it, while it was short
  std::array<Counter, 256> requests;           // by operation code, known ones only
  std::array<Counter, kCodes.size()> replies;  // by status code
};

}  // namespace smile
