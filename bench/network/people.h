// Who is in the network of `smilebench network`, and what each person has at its beginning. All of
// it follows from the options, or from a file of friendships.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "bench/linkbench/graph.h"
#include "bench/network/network_options.h"

namespace smile::bench {

// People have the ids 1 to count().
class People {
 public:
  // kInvalid: the file of the graph.
  static Result<People> Create(const NetworkOptions& options);

  uint64_t count() const { return count_; }

  // The friendships that a person has begun; each is in the list of one of the two. A made graph
  // has LinkBench's degrees, up to kMaxFriendsBegun.
  uint64_t FriendsBegunBy(uint64_t person) const;
  uint64_t FriendBegunBy(uint64_t person, uint64_t index) const;

  // Some have a photo, with the id of the person.
  static bool HasPhoto(uint64_t person) { return person % kPeoplePerPhoto == 1; }
  // One of them.
  uint64_t PersonWithPhoto(uint64_t number) const {
    return 1 + number % (1 + (count_ - 1) / kPeoplePerPhoto) * kPeoplePerPhoto;
  }

  static std::string LoginOf(uint64_t person);
  // Posts from before, from 0; the newest has the highest number.
  static uint64_t PostOf(uint64_t person, uint32_t number);

  static constexpr uint64_t kMaxFriendsBegun = 2'000;

 private:
  static constexpr uint64_t kPeoplePerPhoto = 20;

  People(uint64_t count, uint64_t seed) : count_(count), graph_(count, seed) {}

  uint64_t count_;
  Graph graph_;
  std::vector<std::vector<uint32_t>> friends_;  // of a file, by person; empty: a made graph
};

}  // namespace smile::bench
