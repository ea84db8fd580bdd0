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
  std::array<Counter, 256> requests;           // by operation code, known ones only
  std::array<Counter, kCodes.size()> replies;  // by status code
};

}  // namespace smile
