// Counters of one worker, written by its thread and read by any: relaxed atomics.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/check.h"
#include "base/status.h"

namespace smile {

class Counter {
 public:
  // Only the worker's thread writes, so no locked instruction is needed.
  void Add(uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  // Of a gauge: what is subtracted was added.
  void Subtract(uint64_t amount) {
    CHECK(value() >= amount, "a gauge counts what there is");
    Add(0 - amount);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

struct WorkerMetrics {
  Counter connections_accepted;
  Counter connections_rejected;
  Counter connections_open;
  Counter bytes_received;
  Counter bytes_sent;
  Counter requests_in_flight;
  // Memory of connections; see SessionMemory.
  Counter memory_input;
  Counter memory_requests;
  Counter memory_replies;
  Counter backpressure;  // times that a connection was not read from because memory was short
  // Connections closed because of the client.
  Counter closed_protocol_error;               // protocol errors
  Counter closed_hello_timeout;                // within limits::kHelloTimeoutMillis
  Counter closed_idle_timeout;                 // --idle-timeout-seconds
  Counter closed_frame_timeout;                // limits::kFrameTimeoutMillis
  Counter closed_stalled;                      // limits::kStalledOutputTimeoutMillis
  Counter closed_memory_pressure;              // the largest, while memory was short
  std::array<Counter, 256> requests;           // by operation code; only known ones
  std::array<Counter, kCodes.size()> replies;  // by status code

  // What connections hold. Nothing once all are closed.
  bool AllReleased() const {
    return connections_open.value() == 0 && requests_in_flight.value() == 0 &&
           memory_input.value() == 0 && memory_requests.value() == 0 && memory_replies.value() == 0;
  }
};

}  // namespace smile
