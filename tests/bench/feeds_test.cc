#include "bench/smilebench/feeds.h"

#include <memory>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/blocking.h"
#include "storage/memory_engine.h"
#include "tests/bench/fake_redis.h"
#include "tests/support/memory_server.h"

namespace smile::bench {
namespace {

using ::testing::HasSubstr;

class FeedsTest : public ::testing::Test {
 protected:
  FeedsTest() {
    options_.target.endpoint = server_.endpoint();
    options_.graph = {.users = 3, .friends = 7, .posts = 4, .value_bytes = 50};
    options_.feeds = 25;
    options_.in_flight = 4;
  }

  Result<FeedsResults> Run() const {
    return RunFeeds(options_, clock_, [] { return false; });
  }

  const SystemClock clock_;
  MemoryServer server_;
  FeedsOptions options_;
};

TEST_F(FeedsTest, EveryFeedIsTheExpectedOne) {
  const auto results = Run();
  ASSERT_TRUE(results.ok()) << results.status().ToString();
  EXPECT_TRUE(results->failure.ok()) << results->failure.ToString();
  EXPECT_EQ(results->times.count(), 25u);
  EXPECT_EQ(results->traffic.round_trips, 25u);
  EXPECT_GT(results->traffic.sent_bytes, 25u * 8);
  EXPECT_GT(results->traffic.received_bytes, uint64_t{25} * kFeedPosts * 50);
  const std::string text = FormatText(options_, *results);
  EXPECT_THAT(text, HasSubstr("feeds of 7 friends with 4 posts each, 4 in flight"));
  EXPECT_THAT(text, HasSubstr("a feed: 1.00 round trips"));
  EXPECT_THAT(FormatJson(options_, *results), HasSubstr("\"feeds\": 25"));
}

TEST_F(FeedsTest, TheGraphMayBeThere) {
  options_.preloaded = true;
  const auto without = Run();
  ASSERT_TRUE(without.ok()) << without.status().ToString();
  EXPECT_EQ(without->failure.code(), Code::kCorrupt);
  EXPECT_EQ(without->times.count(), 0u);
  options_.preloaded = false;
  ASSERT_TRUE(Run().ok());
  options_.preloaded = true;
  const auto with = Run();
  ASSERT_TRUE(with.ok()) << with.status().ToString();
  EXPECT_TRUE(with->failure.ok()) << with->failure.ToString();
}

TEST_F(FeedsTest, AWrongFeedIsAFailure) {
  const auto created = Client::Create({.servers = {options_.target.endpoint}});
  ASSERT_TRUE(created.ok());
  BlockingClient blocking(created->get());
  const FeedGraph graph(options_.graph);
  ASSERT_TRUE(blocking.Put(PostKey(graph.FriendOf(2, 0), UINT64_MAX), "the newest").ok());
  const auto results = Run();
  ASSERT_TRUE(results.ok()) << results.status().ToString();
  EXPECT_EQ(results->failure.code(), Code::kCorrupt);
  EXPECT_THAT(FormatText(options_, *results),
              HasSubstr("the feed of user 2 has other posts than expected"));
}

TEST_F(FeedsTest, NoFeedIsReadBeforeAColdOne) {
  ASSERT_TRUE(Run().ok());
  const auto created = Client::Create({.servers = {options_.target.endpoint}});
  ASSERT_TRUE(created.ok());
  BlockingClient blocking(created->get());
  const FeedGraph graph(options_.graph);
  ASSERT_TRUE(blocking.Put(PostKey(graph.FriendOf(2, 0), UINT64_MAX), "the newest").ok());
  options_.preloaded = true;
  options_.cold = true;
  options_.feeds = 1;  // of user 1; the feed of user 2 is not the expected one
  const auto results = Run();
  ASSERT_TRUE(results.ok()) << results.status().ToString();
  EXPECT_TRUE(results->failure.ok()) << results->failure.ToString();
  EXPECT_EQ(results->times.count(), 1u);
  EXPECT_THAT(FormatText(options_, *results), HasSubstr("first feeds of 7 friends"));
}

TEST_F(FeedsTest, EndsWhenItIsInterrupted) {
  options_.feeds = 1'000'000'000;
  const auto results = RunFeeds(options_, clock_, [] { return true; });
  ASSERT_TRUE(results.ok()) << results.status().ToString();
  EXPECT_TRUE(results->interrupted);
}

TEST_F(FeedsTest, EndsWhenItIsInterruptedWhileItWrites) {
  options_.graph = {.users = 200, .friends = 200, .posts = 25, .value_bytes = 50};
  const FakeRedis redis;
  for (const Target& target :
       {options_.target, Target{.driver = DriverKind::kRedis, .endpoint = redis.listening_on()}}) {
    options_.target = target;
    const auto results = RunFeeds(options_, clock_, [] { return true; });
    ASSERT_TRUE(results.ok()) << results.status().ToString();
    EXPECT_TRUE(results->interrupted);
    EXPECT_EQ(results->times.count(), 0u);
  }
}

TEST_F(FeedsTest, NoServerIsAFailure) {
  const Endpoint nobody = options_.target.endpoint;
  server_.Stop();
  for (const DriverKind driver : {DriverKind::kSmile, DriverKind::kRedis}) {
    options_.target = {.driver = driver, .endpoint = nobody};
    EXPECT_EQ(Run().status().code(), Code::kUnavailable);
  }
}

TEST(RedisFeedsTest, TakeThreeRoundTripsAndAreTheSame) {
  const SystemClock clock;
  for (const bool with_scores : {true, false}) {
    const FakeRedis redis;
    const FeedsOptions options = {
        .target = {.driver = DriverKind::kRedis, .endpoint = redis.listening_on()},
        .graph = {.users = 3, .friends = 40, .posts = 25, .value_bytes = 50},
        .feeds = 25,
        .in_flight = 4,
        .with_scores = with_scores};
    const auto results = RunFeeds(options, clock, [] { return false; });
    ASSERT_TRUE(results.ok()) << results.status().ToString();
    EXPECT_TRUE(results->failure.ok()) << results->failure.ToString();
    EXPECT_EQ(results->times.count(), 25u);
    EXPECT_EQ(results->traffic.round_trips, 75u);
  }
}

TEST(RedisFeedsTest, AnErrorIsAFailure) {
  const SystemClock clock;
  for (const char* const refused : {"SADD", "ZADD", "SMEMBERS", "ZREVRANGE", "MGET"}) {
    FakeRedis redis;
    redis.refused = refused;
    const FeedsOptions options = {
        .target = {.driver = DriverKind::kRedis, .endpoint = redis.listening_on()},
        .graph = {.users = 1, .friends = 3, .posts = 2, .value_bytes = 5},
        .feeds = 2};
    const auto results = RunFeeds(options, clock, [] { return false; });
    const Status failure = results.ok() ? results->failure : results.status();
    EXPECT_THAT(failure.message(), HasSubstr("ERR refused")) << refused;
  }
}

TEST(FeedGraphTest, FeedsAreTheNewestPostsOfOnesFriends) {
  const FeedGraph graph({.users = 2, .friends = 30, .posts = 3, .value_bytes = 50});
  for (uint64_t user = 1; user <= 2; ++user) {
    const auto posts = graph.PostsOf(user);
    ASSERT_EQ(posts.size(), 90u);
    std::multiset<uint64_t> authors;
    for (size_t i = 0; i < posts.size(); ++i) {
      authors.insert(posts[i].author);
      EXPECT_TRUE(i == 0 || posts[i].post > posts[i - 1].post);
    }
    for (uint32_t i = 0; i < 30; ++i) EXPECT_EQ(authors.count(graph.FriendOf(user, i)), 3u);
    const auto feed = graph.FeedOf(user);
    ASSERT_EQ(feed.size(), kFeedPosts);
    for (size_t i = 0; i < feed.size(); ++i) {
      EXPECT_EQ(feed[i].post, posts[89 - i]);
      EXPECT_EQ(feed[i].value.size(), 50u);
    }
  }
  std::set<uint64_t> friends;
  for (uint64_t user = 1; user <= 2; ++user) {
    for (uint32_t i = 0; i < 30; ++i) {
      friends.insert(graph.FriendOf(user, i));
      EXPECT_TRUE(i == 0 || graph.FriendOf(user, i) != graph.FriendOf(user, i - 1) + 1);
    }
  }
  EXPECT_EQ(friends.size(), 60u);
  EXPECT_EQ(*friends.begin(), 3u);
  EXPECT_EQ(*friends.rbegin(), 62u);
}

TEST(FeedsOptionsTest, AreRead) {
  std::string help;
  const char* const line[] = {"feeds",       "--target", "redis://127.0.0.1:7", "--friends", "5",
                              "--in-flight", "2",        "--ids-only",          "--json"};
  const auto options = ParseFeedsOptions(std::size(line), line, &help);
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->target.driver, DriverKind::kRedis);
  EXPECT_EQ(options->target.endpoint.port, 7);
  EXPECT_EQ(options->graph.friends, 5u);
  EXPECT_EQ(options->in_flight, 2u);
  EXPECT_FALSE(options->with_scores);
  EXPECT_TRUE(options->json);
  const char* const wrong[] = {"feeds", "--target", "tarantool://127.0.0.1"};
  EXPECT_THAT(ParseFeedsOptions(std::size(wrong), wrong, &help).status().message(),
              HasSubstr("redis://HOST:PORT"));
  const char* const many[] = {"feeds", "--users", "10000", "--friends", "5000"};
  EXPECT_THAT(ParseFeedsOptions(std::size(many), many, &help).status().message(),
              HasSubstr("at most 10000000 posts"));
  const char* const cold[] = {"feeds", "--cold", "--users", "20"};
  const auto first = ParseFeedsOptions(std::size(cold), cold, &help);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_TRUE(first->cold);
  EXPECT_EQ(first->feeds, 20u);
  const char* const twice[] = {"feeds", "--cold", "--users", "20", "--feeds", "21"};
  EXPECT_THAT(ParseFeedsOptions(std::size(twice), twice, &help).status().message(),
              HasSubstr("--feeds is at most --users"));
}

}  // namespace
}  // namespace smile::bench
