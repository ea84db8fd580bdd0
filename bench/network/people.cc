#include "bench/network/people.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>

#include <fmt/format.h>

namespace smile::bench {
namespace {

// The first post from before, and the time between two posts, in the ids of posts.
constexpr uint64_t kFirstPost = uint64_t{150'000'000'000} << 22;
constexpr uint64_t kBetweenPosts = uint64_t{3'600'000} << 22;

constexpr uint32_t kMaxFilePeople = 10'000'000;

// "12,34": two people of the file, from 0.
std::optional<std::pair<uint32_t, uint32_t>> ParseEdge(const std::string& line) {
  const char* const end = line.data() + line.size();
  uint32_t a = 0;
  uint32_t b = 0;
  const auto first = std::from_chars(line.data(), end, a);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ',') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, b);
  if (second.ec != std::errc() || (second.ptr != end && *second.ptr != '\r')) return std::nullopt;
  if (a >= kMaxFilePeople || b >= kMaxFilePeople) return std::nullopt;
  return std::pair(a, b);
}

}  // namespace

Result<People> People::Create(const NetworkOptions& options) {
  if (options.graph_file.empty()) return People(options.people, options.seed);
  std::ifstream file(options.graph_file);
  if (!file) return Status(Code::kInvalid, options.graph_file + " cannot be opened");
  std::vector<std::vector<uint32_t>> friends(1);
  std::string line;
  for (uint64_t number = 1; std::getline(file, line); ++number) {
    const auto edge = ParseEdge(line);
    if (!edge && number == 1) continue;  // names of the columns
    if (!edge) {
      return Status(Code::kInvalid,
                    fmt::format("{}:{}: expected two numbers of people, below {}, with a comma",
                                options.graph_file, number, kMaxFilePeople));
    }
    const auto [a, b] = *edge;
    const size_t size = std::max<size_t>(friends.size(), std::max(a, b) + size_t{2});
    friends.resize(size);
    if (a != b) friends[a + 1].push_back(b + 1);
  }
  if (friends.size() < 3) return Status(Code::kInvalid, options.graph_file + " has no people");
  People people(friends.size() - 1, options.seed);
  people.friends_ = std::move(friends);
  return people;
}

uint64_t People::FriendsBegunBy(uint64_t person) const {
  if (!friends_.empty()) return friends_[person].size();
  return std::min({graph_.OutDegree(person), kMaxFriendsBegun, (count_ - 1) / 2});
}

uint64_t People::FriendBegunBy(uint64_t person, uint64_t index) const {
  if (!friends_.empty()) return friends_[person][index];
  return 1 + (person + index) % count_;
}

std::string People::LoginOf(uint64_t person) {
  return fmt::format("person{}@example.net", person);
}

// Spread by person, so that they are not all of the same time.
uint64_t People::PostOf(uint64_t person, uint32_t number) {
  return kFirstPost + number * kBetweenPosts + (person % 1'000'003 << 22);
}

}  // namespace smile::bench
