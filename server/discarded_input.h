// Incomplete frames of sessions that have ended. The kernel takes about 0.1 ms to take back 1 MiB,
// and hundreds of connections may end at once, so a part is released in each turn of the event
// loop; until then it counts as used.
//
// One per worker, used by its thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/memory_budget.h"
#include "protocol/input_buffer.h"
#include "server/metrics.h"

namespace smile {

class DiscardedInput {
 public:
  // Both outlive it. The gauge counts what it holds.
  DiscardedInput(MemoryPool* pool, Counter* gauge) : pool_(*pool), gauge_(*gauge) {}
  ~DiscardedInput() {
    while (!empty()) ReleaseSome();
  }
  DiscardedInput(const DiscardedInput&) = delete;
  DiscardedInput& operator=(const DiscardedInput&) = delete;

  // Takes memory from the pool for it: the caller gives its own back. A small buffer is released
  // at once.
  void Add(InputBuffer buffer) {
    if (!buffer.is_large()) return;
    Count(0, buffer.memory());
    buffers_.push_back(std::move(buffer));
  }

  bool empty() const { return buffers_.empty(); }

  // At most limits::kTurnReleaseBytes, of at least one buffer if there is one.
  void ReleaseSome() {
    if (empty()) return;
    InputBuffer& buffer = buffers_.front();
    const size_t before = buffer.memory();
    buffer.Shrink(before - std::min(before, limits::kTurnReleaseBytes));
    CHECK(buffer.memory() < before || before == 0, "each turn releases something");
    Count(before, buffer.memory());
    if (buffer.memory() == 0) buffers_.pop_front();
  }

 private:
  void Count(size_t before, size_t now) {
    pool_.Change(before, now);
    if (now > before) return gauge_.Add(now - before);
    gauge_.Subtract(before - now);
  }

  MemoryPool& pool_;
  Counter& gauge_;
  std::deque<InputBuffer> buffers_;
};

}  // namespace smile
