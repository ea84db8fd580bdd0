// Writes to a descriptor that may block: a pipe that nobody reads, a stopped terminal, a full disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace smile {

struct WriteProgress {
  size_t written = 0;
  bool failed = false;  // by an error; otherwise an incomplete write ran out of time
};

// Writes `text`, waiting for at most `wait_millis` in total until the descriptor accepts it. The
// descriptor may be blocking: O_NONBLOCK is not set, because it would belong to all processes that
// share the open file. Up to PIPE_BUF bytes go into a pipe as one piece. Any thread, and safe where
// memory is damaged: nothing is allocated.
WriteProgress WriteWithin(int descriptor, std::string_view text, int64_t wait_millis);

}  // namespace smile
