// Room for the elements of a page in a reply.
#pragma once

#include <cstddef>

#include "base/limits.h"
#include "server/reply.h"

namespace smile {

class PageRoom {
 public:
  static constexpr size_t kLengthBytes = 4;  // maximum in a frame
  // Of a page beside its elements: a continuation token, maximum a place in a LIST, and a flag.
  static constexpr size_t kFixedBytes = 2 * kLengthBytes + 1 + 32 + limits::kMaxNameBytes;

  // Of elements that have at most so many lengths each.
  PageRoom(const Reply& reply, size_t lengths)
      : lengths_(lengths), most_(reply.max_body_bytes() - kFixedBytes), left_(most_) {}

  // Whether an element of `bytes`, without its lengths, would fit into an empty reply.
  bool FitsAlone(size_t bytes) const { return bytes + lengths_ * kLengthBytes <= most_; }

  // False: it does not fit after the previous ones.
  bool Take(size_t bytes) {
    bytes += lengths_ * kLengthBytes;
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

 private:
  const size_t lengths_;
  const size_t most_;
  size_t left_;
};

}  // namespace smile
