// Limits what an event loop reads and sends in a turn. Connections with much traffic would make the
// turn long for all others; beyond the limits they wait for a later turn, while small requests and
// replies are never delayed.
//
// One per worker, used by its thread.
#pragma once

#include <cstddef>

#include "base/limits.h"

namespace smile {

class TurnBytes {
 public:
  // Maximum bytes of the next read. A connection that fills it probably has more, and waits.
  size_t most_read() const {
    return read_ < limits::kTurnReadBytes ? limits::kReadBufferBytes : limits::kSmallTurnBytes;
  }
  void CountRead(size_t bytes) { read_ += bytes; }

  // Whether replies of `bytes` may be sent in this turn.
  bool MaySend(size_t bytes) const {
    return bytes <= limits::kSmallTurnBytes || sent_ < limits::kTurnSendBytes;
  }
  void CountSent(size_t bytes) { sent_ += bytes; }

  void Begin() { read_ = sent_ = 0; }

 private:
  static_assert(limits::kTurnReadBytes >= limits::kReadBufferBytes, "one full read fits in a turn");

  size_t read_ = 0;
  size_t sent_ = 0;
};

}  // namespace smile
