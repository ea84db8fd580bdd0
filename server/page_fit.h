// How much of a page goes into a reply of the size that HELLO agreed on.
#pragma once

#include <cstddef>

#include "base/function_ref.h"
#include "base/limits.h"
#include "server/reply.h"

namespace smile {

// How many of `count` elements, from the first on, fit into a reply beside a continuation.
// `bytes_of(i)`: of the i-th element, without its lengths, of which it has at most `lengths`.
inline size_t CountThatFit(size_t count, size_t lengths, const Reply& reply,
                           FunctionRef<size_t(size_t i)> bytes_of) {
  constexpr size_t kLengthBytes = 4;                            // at most, in a frame
  constexpr size_t kContinuation = 32 + limits::kMaxNameBytes;  // a place in a LIST at most
  constexpr size_t kFixed = 2 * kLengthBytes + kContinuation;
  size_t left = reply.max_body_bytes() - kFixed;
  for (size_t i = 0; i < count; ++i) {
    const size_t bytes = bytes_of(i) + lengths * kLengthBytes;
    if (bytes > left) return i;
    left -= bytes;
  }
  return count;
}

}  // namespace smile
