// Whether one connection's next read is likely to be of a large value. Such a read goes to the
// readers without a look into memory: the event loop would copy the value, and all other
// connections wait meanwhile.
//
// Of one session; on its thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/limits.h"
#include "protocol/operations.h"

namespace smile {

class LargeReads {
 public:
  // After a reply of so many bytes was made, whether or not it could be kept.
  void Note(uint8_t operation, size_t reply_bytes) {
    const bool large =
        (operation == op::Get::kInfo.code && reply_bytes >= limits::kLeastLargeValueBytes) ||
        (operation == op::MGet::kInfo.code && reply_bytes >= limits::kLargeMGetReplyBytes);
    if (large) left_ = limits::kReadsAfterLargeReply;
  }

  bool expected() const { return left_ > 0; }

  // Before one read: the same, and counts it.
  bool ExpectedForNext() {
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  uint32_t left_ = 0;
};

}  // namespace smile
