// Consecutive GETs that are looked up together, so that the processor waits for the memory of all
// of them at once, with a single call of the engine.
#pragma once

#include <array>
#include <cstddef>

#include "base/limits.h"
#include "protocol/frame.h"
#include "protocol/operations.h"

namespace smile {

struct GetRun {
  // Enough to overlap the cache misses of one with the work on others.
  static constexpr size_t kMost = 16;
  static_assert(kMost <= limits::kMaxPeekKeys, "an event loop looks up few keys at once");

  // The request borrows from the frame, which stays valid until the run is answered.
  struct Item {
    Frame frame;
    op::Get::Request request;
  };

  std::array<Item, kMost> items;
  size_t size = 0;
};

}  // namespace smile
