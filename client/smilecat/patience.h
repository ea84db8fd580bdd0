// Waiting, which Ctrl-C ends at the prompt.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "client/smilecat/pending_reply.h"

namespace smile::cat {

// How a task at the command line, or at the prompt, waits.
struct Patience {
  // For a reply; none: cancelled.
  std::function<std::optional<Reply>(PendingReply*)> wait;
  // For a time; false: cancelled.
  std::function<bool(int64_t millis)> sleep;
};

}  // namespace smile::cat
