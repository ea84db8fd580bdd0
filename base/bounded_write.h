// Writing to a descriptor whose other end may be a pipe that nobody reads, a stopped terminal or a
// full disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace smile {

struct WriteProgress {
  size_t written = 0;
  bool failed = false;  // by an error; else less than all was written because the time was over
};

// Writes `text` as the descriptor takes it and waits for at most `wait_millis` in all until it
// does. The descriptor may be blocking: O_NONBLOCK is not set, because it would belong to all
// processes that share the open file. Up to PIPE_BUF bytes go into a pipe as one piece. Any thread,
// and safe where memory is damaged: nothing is allocated.
WriteProgress WriteWithin(int descriptor, std::string_view text, int64_t wait_millis);

}  // namespace smile
