// GETs that came one behind the other, to be looked up together: the processor then waits for the
// memory of all of them at the same time, and the storage is asked once.
#pragma once

#include <array>
#include <cstddef>

#include "protocol/frame.h"
#include "protocol/operations.h"

namespace smile {

struct GetRun {
  // Enough that the memory of one comes while others are worked on.
  static constexpr size_t kMost = 16;

  // The request borrows from the frame, and the frame stays until the run is answered.
  struct Item {
    Frame frame;
    op::Get::Request request;
  };

  std::array<Item, kMost> items;
  size_t size = 0;
};

}  // namespace smile
