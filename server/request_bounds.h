// What a request may cost until it is answered, from the shape of its messages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/limits.h"
#include "base/memory_budget.h"
#include "model/key.h"
#include "model/record.h"
#include "protocol/frame.h"
#include "protocol/link_operations.h"
#include "protocol/media_operations.h"

namespace smile {

// A read whose reply is a page of records or partitions.
template <class Row>
concept Paged = requires(typename Row::Response page) {
  page.continuation;
};

// Maximum length of the reply to a read. A page has keys in addition to values.
template <class Row>
constexpr size_t kMaxReplyBytes = Paged<Row> ? limits::kMaxFrameBytes : limits::kMaxReplyValueBytes;

// Of a link in a reply.
constexpr size_t kMaxLinkEntryBytes = limits::kMaxLinkValueBytes + 32;

// The same for a request that may say it.
template <class Row>
size_t ReplyBytesOf(const typename Row::Request& request) {
  if constexpr (std::is_same_v<Row, op::MediaRead>) return request.size;
  if constexpr (std::is_same_v<Row, op::LinkCount>) return sizeof(uint64_t);
  if constexpr (std::is_same_v<Row, op::LinkList>) {
    return std::min<size_t>(kMaxReplyBytes<Row>, request.limit * kMaxLinkEntryBytes);
  }
  if constexpr (std::is_same_v<Row, op::LinkCheck>) {
    return request.others.size() * kMaxLinkEntryBytes;
  }
  return kMaxReplyBytes<Row>;
}

// Memory of a request in flight, including copies of keys, and items that refer to its bytes.
template <class Row>
size_t MemoryOf(const Frame& frame, const typename Row::Request& request) {
  size_t bytes = limits::kOpenRequestBytes + AllocatedBytes(frame.bytes.size());
  if constexpr (requires { request.keys; }) {
    constexpr size_t kParts = 128;  // partition and sort key have memory of their own
    bytes += request.keys.size() * (sizeof(Key) + kParts);
  }
  if constexpr (requires { request.others; }) {
    bytes += request.others.size() * (sizeof(Key) + sizeof(uint64_t));
  }
  if constexpr (requires { request.items; }) bytes += request.items.size() * sizeof(MutationView);
  return bytes;
}

}  // namespace smile
