#include "base/bounded_write.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"

namespace smile {
namespace {

// A pipe that is ready accepts this much without blocking.
constexpr size_t kPieceBytes = PIPE_BUF;

bool WaitUntilReady(int descriptor, int64_t end_nanos, const Clock& clock) {
  pollfd ready{.fd = descriptor, .events = POLLOUT};
  while (true) {
    const int64_t left_millis =
        std::max<int64_t>(0, (end_nanos - clock.MonotonicNanos()) / kNanosPerMilli);
    const int found = poll(&ready, 1, static_cast<int>(left_millis));
    if (found >= 0 || errno != EINTR) return found != 0;  // an error shows in the write
  }
}

}  // namespace

WriteProgress WriteWithin(int descriptor, std::string_view text, int64_t wait_millis) {
  const SystemClock clock;
  const int64_t end_nanos = clock.MonotonicNanos() + wait_millis * kNanosPerMilli;
  WriteProgress progress;
  while (progress.written < text.size()) {
    if (!WaitUntilReady(descriptor, end_nanos, clock)) return progress;
    const size_t size = std::min(kPieceBytes, text.size() - progress.written);
    const ssize_t taken = write(descriptor, text.data() + progress.written, size);
    if (taken > 0) {
      progress.written += static_cast<size_t>(taken);
    } else if (errno == EAGAIN) {
      // Ready for less, or another process was faster.
      if (clock.MonotonicNanos() >= end_nanos) return progress;
      usleep(1000);
    } else if (errno != EINTR) {
      progress.failed = true;
      return progress;
    }
  }
  return progress;
}

}  // namespace smile
