// What a request may cost until it is answered, from the shape of its messages.
#pragma once

#include <cstddef>

#include "base/limits.h"
#include "base/memory_budget.h"
#include "model/key.h"
#include "model/record.h"
#include "protocol/frame.h"

namespace smile {

// A read whose reply is a page of records or partitions.
template <class Row>
concept Paged = requires(typename Row::Response page) {
  page.continuation;
};

// Maximum length of the reply to a read. A page has keys in addition to values.
template <class Row>
constexpr size_t kMaxReplyBytes = Paged<Row> ? limits::kMaxFrameBytes : limits::kMaxReplyValueBytes;

// Memory of a request in flight, including copies of keys, and items that refer to its bytes.
template <class Row>
size_t MemoryOf(const Frame& frame, const typename Row::Request& request) {
  size_t bytes = limits::kOpenRequestBytes + AllocatedBytes(frame.bytes.size());
  if constexpr (requires { request.keys; }) {
    constexpr size_t kParts = 128;  // partition and sort key have memory of their own
    bytes += request.keys.size() * (sizeof(Key) + kParts);
  }
  if constexpr (requires { request.items; }) bytes += request.items.size() * sizeof(MutationView);
  return bytes;
}

}  // namespace smile
