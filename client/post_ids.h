// Ids of posts and media: 42 bits of milliseconds since 2020-01-01 UTC (enough until 2159), 10 bits
// of node number, 12 bits of sequence number. The client assigns them, so that a post that is sent
// twice is the same post.
//
//   smile::PostIds ids(/*node=*/1);
//   const smile::Key post = smile::PostKey(42, ids.Next());
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "model/time_ordered_id.h"

namespace smile {

class Clock;

// A generator of ids. Thread-safe. Each id is larger than all that this object made before, even if
// the clock steps back. Ids of two generators differ if their node numbers do: generators that
// write posts of one author at the same time need different ones, or must write with IfAbsent().
class PostIds {
 public:
  // `node` is below 1,024; otherwise the process stops.
  explicit PostIds(uint32_t node);
  // For tests. `clock` must outlive this object.
  PostIds(const Clock* clock, uint32_t node);
  ~PostIds();
  PostIds(const PostIds&) = delete;
  PostIds& operator=(const PostIds&) = delete;

  // A new id.
  uint64_t Next();

 private:
  const std::unique_ptr<const Clock> own_clock_;
  const Clock* const clock_;
  const uint32_t node_;
  std::atomic<uint64_t> last_{0};
};

}  // namespace smile
