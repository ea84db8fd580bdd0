#include "bench/network/people.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "tests/storage/temp_directory.h"

namespace smile::bench {
namespace {

class NetworkPeopleTest : public ::testing::Test {
 protected:
  Result<People> OfFile(const std::string& content) {
    NetworkOptions options;
    options.graph_file = directory_.path() + "/graph.csv";
    std::ofstream(options.graph_file) << content;
    return People::Create(options);
  }
  std::string ComplaintOf(const std::string& content) { return OfFile(content).status().message(); }

  testing::TempDirectory directory_;
};

TEST_F(NetworkPeopleTest, FileNamesPeopleAndFriendships) {
  const Result<People> people = OfFile("a,b\n0,2\n0,1\r\n3,0\n1,1\n");
  ASSERT_TRUE(people.ok()) << people.status().ToString();
  EXPECT_EQ(people->count(), 4u);
  ASSERT_EQ(people->FriendsBegunBy(1), 2u);
  EXPECT_EQ(people->FriendBegunBy(1, 0), 3u);
  EXPECT_EQ(people->FriendBegunBy(1, 1), 2u);
  EXPECT_EQ(people->FriendsBegunBy(2), 0u) << "a person is not a friend of herself";
  EXPECT_EQ(people->FriendBegunBy(4, 0), 1u);
}

TEST_F(NetworkPeopleTest, InvalidFilesAreNamedWithTheirLine) {
  EXPECT_NE(ComplaintOf("0,1\n0;2\n").find("graph.csv:2: expected two numbers"), std::string::npos);
  for (const char* line : {"0,", ",0", "0,1,2", "0,10000000", "-1,2", "0,1 "}) {
    EXPECT_NE(ComplaintOf("0,1\n" + std::string(line) + "\n").find(":2:"), std::string::npos)
        << line;
  }
  EXPECT_NE(ComplaintOf("").find("no people"), std::string::npos);
  NetworkOptions missing;
  missing.graph_file = directory_.path() + "/missing";
  EXPECT_EQ(People::Create(missing).status().code(), Code::kInvalid);
}

// A friendship is begun once, by one of two different people.
TEST_F(NetworkPeopleTest, MadeFriendshipsAreUnique) {
  NetworkOptions options;
  for (const uint64_t count : {2, 3, 50, 2'000}) {
    options.people = count;
    const Result<People> people = People::Create(options);
    std::set<std::pair<uint64_t, uint64_t>> friendships;
    uint64_t begun = 0;
    for (uint64_t person = 1; person <= count; ++person) {
      for (uint64_t i = 0; i < people->FriendsBegunBy(person); ++i, ++begun) {
        const uint64_t other = people->FriendBegunBy(person, i);
        ASSERT_TRUE(other >= 1 && other <= count && other != person) << person << " " << other;
        friendships.emplace(std::min(person, other), std::max(person, other));
      }
    }
    EXPECT_EQ(friendships.size(), begun) << count;
  }
}

TEST_F(NetworkPeopleTest, PeopleWithPhotosHaveOne) {
  NetworkOptions options;
  options.people = 41;
  const Result<People> people = People::Create(options);
  std::set<uint64_t> with_photo;
  for (uint64_t number = 0; number < 100; ++number) {
    const uint64_t person = people->PersonWithPhoto(number);
    EXPECT_TRUE(People::HasPhoto(person) && person <= people->count()) << person;
    with_photo.insert(person);
  }
  EXPECT_EQ(with_photo, (std::set<uint64_t>{1, 21, 41}));
}

}  // namespace
}  // namespace smile::bench
