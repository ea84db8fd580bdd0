// Ids of posts and media: 42 bits of milliseconds since 2020-01-01 UTC (enough until 2159), 10 bits
// of node number, 12 bits of sequence number. The client makes them, so that a post that is sent
// again is the same post.
//
//   smile::PostIds ids(/*node=*/1);
//   const smile::Key post = smile::PostKey(42, ids.Next());
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace smile {

class Clock;

inline constexpr int64_t kIdEpochMillis = 1'577'836'800'000;  // 2020-01-01 as Unix time
inline constexpr int kIdNodeBits = 10;
inline constexpr int kIdSequenceBits = 12;

// When the id was made, in milliseconds of Unix time. It is ahead of the clock if more than 4,096
// ids were made in one millisecond.
constexpr int64_t MillisOfId(uint64_t id) {
  return static_cast<int64_t>(id >> (kIdNodeBits + kIdSequenceBits)) + kIdEpochMillis;
}

// Makes ids. Thread-safe. Each id is larger than all ids that this object made before, also when
// the clock steps back. Ids of two generators differ if their node numbers do: give different ones
// to generators that write posts of one author at the same time, or write with IfAbsent().
class PostIds {
 public:
  // `node` is below 1,024.
  explicit PostIds(uint32_t node);
  // For tests. `clock` must outlive this object.
  PostIds(const Clock* clock, uint32_t node);
  ~PostIds();
  PostIds(const PostIds&) = delete;
  PostIds& operator=(const PostIds&) = delete;

  uint64_t Next();

 private:
  const std::unique_ptr<const Clock> own_clock_;
  const Clock* const clock_;
  const uint32_t node_;
  std::atomic<uint64_t> last_{0};
};

}  // namespace smile
