// ReplyWindow: how far the server goes ahead of what a client takes: what its reads in flight may
// be answered with, and what of its replies may wait for it before it is not read from.
//
// It begins at one read and doubles whenever the client has taken all replies, as TCP's slow start
// does (RFC 5681, section 3.1), so a client that asks for much and takes nothing causes few reads,
// and one that takes what it asked for has the whole window after a few round trips. It halves
// whenever a reply is made while too many wait for the client.
//
// One thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/limits.h"

namespace smile {

class ReplyWindow {
 public:
  // Limit of what reads in flight may be answered with.
  size_t in_flight_bytes() const { return in_flight_bytes_; }
  // Limit of replies that are not taken.
  size_t untaken_bytes() const { return in_flight_bytes_ / kUntakenDivisor; }

  // The client has taken all replies.
  void OnAllTaken() {
    if (!std::exchange(replied_, false)) return;
    in_flight_bytes_ = std::min(in_flight_bytes_ * 2, limits::kMaxInFlightReplyBytes);
  }

  // A reply was made, so many bytes are not taken.
  void OnReply(size_t untaken_bytes) {
    replied_ = true;
    if (untaken_bytes <= kAheadBytes) return;
    in_flight_bytes_ = std::max(in_flight_bytes_ / 2, limits::kMinInFlightReplyBytes);
  }

 private:
  static constexpr size_t kUntakenDivisor =
      limits::kMaxInFlightReplyBytes / limits::kOutputHighWaterBytes;
  // Enough to read the next values while the last ones are sent.
  static constexpr size_t kAheadBytes = 4 * limits::kOutputHighWaterBytes;

  static_assert(limits::kMinInFlightReplyBytes <= limits::kMaxInFlightReplyBytes);
  static_assert(kUntakenDivisor > 0 && limits::kMinInFlightReplyBytes / kUntakenDivisor > 0,
                "the smallest window lets a reply wait");

  size_t in_flight_bytes_ = limits::kMinInFlightReplyBytes;
  bool replied_ = false;  // since all replies were taken
};

}  // namespace smile
