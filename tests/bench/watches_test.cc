#include "bench/smilebench/watches.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/memory_engine.h"
#include "tests/support/memory_server.h"

namespace smile::bench {
namespace {

using ::testing::HasSubstr;

class WatchesTest : public ::testing::Test {
 protected:
  WatchesTest() {
    options_.server = server_.endpoint();
    options_.watches = 30;
    options_.connections = 4;
    options_.writes = 6;
    options_.pause_millis = 0;
  }

  const SystemClock clock_;
  MemoryServer server_;
  WatchesOptions options_;
};

TEST_F(WatchesTest, EveryWatchIsToldOfEveryWrite) {
  const auto results = RunWatches(options_, clock_, [] { return false; });
  ASSERT_TRUE(results.ok()) << results.status().ToString();
  EXPECT_TRUE(results->failure.ok()) << results->failure.ToString();
  EXPECT_EQ(results->watched.count(), 6u);
  EXPECT_EQ(results->unwatched.count(), 6u);
  EXPECT_EQ(results->events, 180u);
  EXPECT_EQ(results->gaps, 0u);
  EXPECT_LE(results->first_told.max(), results->last_told.max());
  const std::string text = FormatText(options_, *results);
  EXPECT_THAT(text, HasSubstr("30 watches over 4 connections, 6 writes"));
  EXPECT_THAT(text, HasSubstr("180 events, 0 gaps"));
  EXPECT_THAT(FormatJson(options_, *results), HasSubstr("\"events\": 180"));
}

TEST_F(WatchesTest, EndsWhenItIsInterrupted) {
  const auto results = RunWatches(options_, clock_, [] { return true; });
  ASSERT_TRUE(results.ok()) << results.status().ToString();
  EXPECT_TRUE(results->interrupted);
  EXPECT_EQ(results->watched.count(), 0u);
}

TEST(WatchesOptionsTest, AreRead) {
  std::string help;
  const char* const line[] = {"watches",   "--target", "smile://127.0.0.1:7",
                              "--watches", "5",        "--connections",
                              "2",         "--json"};
  const auto options = ParseWatchesOptions(std::size(line), line, &help);
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->server.port, 7);
  EXPECT_EQ(options->watches, 5u);
  EXPECT_EQ(options->connections, 2u);
  EXPECT_TRUE(options->json);
  const char* const wrong[] = {"watches", "--target", "redis://127.0.0.1"};
  EXPECT_THAT(ParseWatchesOptions(std::size(wrong), wrong, &help).status().message(),
              HasSubstr("smile://HOST:PORT"));
}

}  // namespace
}  // namespace smile::bench
