// How much one event loop reads and sends in a turn. Connections with much to say would make the
// turn long for all the others; over the bounds of a turn they wait for a later one, while small
// requests and replies always go at once.
//
// Of one worker; on its thread.
#pragma once

#include <cstddef>

#include "base/limits.h"

namespace smile {

class TurnBytes {
 public:
  // Most bytes of the next read. A connection that brings as many has more, and is to wait.
  size_t most_read() const {
    return read_ < limits::kTurnReadBytes ? limits::kReadBufferBytes : limits::kSmallTurnBytes;
  }
  void CountRead(size_t bytes) { read_ += bytes; }

  // Whether replies of so many bytes may leave in this turn.
  bool MaySend(size_t bytes) const {
    return bytes <= limits::kSmallTurnBytes || sent_ < limits::kTurnSendBytes;
  }
  void CountSent(size_t bytes) { sent_ += bytes; }

  void Begin() { read_ = sent_ = 0; }

 private:
  size_t read_ = 0;
  size_t sent_ = 0;
};

}  // namespace smile
