// A write on its way through the committer.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/status.h"
#include "storage/engine.h"

namespace smile {

// A write that waits for its group or is in it.
struct PendingWrite {
  WriteRequest request;
  std::function<void(WriteReply)> done;  // not empty
  WriteReply reply;
  // Mutations that depend on a record that could not be read, and why, sorted by index (as in
  // WriteRequest::ForEachMutation): for a commit function that reads only from memory.
  struct Unread {
    size_t mutation;
    Status why;
  };
  std::vector<Unread> unread = {};
  bool late = false;  // the deadline had passed when the group was formed: answered, not committed
};

}  // namespace smile
