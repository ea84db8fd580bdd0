#include "bench/smilebench/streams.h"

#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "bench/smilebench/file_server.h"
#include "bench/smilebench/stream_content.h"
#include "server/server.h"
#include "storage/memory_engine.h"
#include "tests/storage/temp_directory.h"
#include "tests/support/memory_server.h"

namespace smile::bench {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kBytes = 5 * kStreamPieceBytes;

bool Never() {
  return false;
}

class StreamsTest : public ::testing::Test {
 protected:
  StreamsTest() {
    options_.target.endpoint = server_.endpoint();
    options_.bytes = kBytes;
    options_.streams = 3;
  }

  StreamsResults Run(StreamDirection direction) {
    options_.direction = direction;
    Result<StreamsResults> results = RunStreams(options_, clock_, Never);
    EXPECT_TRUE(results.ok()) << results.status().ToString();
    return results.ok() ? std::move(results).value() : StreamsResults();
  }

  const SystemClock clock_;
  MemoryServer server_;
  const testing::TempDirectory directory_;
  StreamsOptions options_;
};

TEST_F(StreamsTest, WhatWentUpComesDown) {
  options_.connections = 2;
  const StreamsResults up = Run(StreamDirection::kUp);
  EXPECT_TRUE(up.failure.ok()) << up.failure.ToString();
  EXPECT_EQ(up.streams, 3u);
  EXPECT_EQ(up.bytes, 3 * kBytes);
  const StreamsResults down = Run(StreamDirection::kDown);
  EXPECT_TRUE(down.failure.ok()) << down.failure.ToString();
  EXPECT_EQ(down.bytes, 3 * kBytes);
}

TEST_F(StreamsTest, ContentThatDiffersIsDetected) {
  options_.streams = 1;
  Run(StreamDirection::kUp);
  options_.content = 7;
  EXPECT_EQ(Run(StreamDirection::kDown).failure.code(), Code::kCorrupt);
  options_.first = 1;  // was not written
  EXPECT_EQ(Run(StreamDirection::kDown).failure.code(), Code::kNotFound);
}

TEST_F(StreamsTest, CopiesHaveNamesOfTheirOwn) {
  options_.content = 7;
  options_.copies = 2;
  EXPECT_EQ(Run(StreamDirection::kUp).streams, 6u);
  options_.copies = 1;
  options_.streams = 6;
  const StreamsResults down = Run(StreamDirection::kDown);
  EXPECT_TRUE(down.failure.ok()) << down.failure.ToString();
  EXPECT_EQ(down.streams, 6u);
}

TEST_F(StreamsTest, SmallRequestsAreMeasuredUntilTheTimeIsOver) {
  options_.seconds = 0.05;
  options_.probe = true;
  for (const uint32_t streams : {0u, 2u}) {
    options_.streams = streams;
    const StreamsResults results = Run(StreamDirection::kUp);
    EXPECT_TRUE(results.failure.ok()) << results.failure.ToString();
    EXPECT_GE(results.seconds, 0.05);
    EXPECT_GT(results.probes.get_same.count(), 0u);
    EXPECT_GT(results.probes.get_other.count(), 0u);
    EXPECT_GT(results.probes.put_other.count(), 0u);
    EXPECT_THAT(FormatText(options_, results), HasSubstr("get_other: "));
    EXPECT_THAT(FormatJson(options_, results), HasSubstr("\"put_other\""));
  }
}

TEST_F(StreamsTest, PlainProgramCopiesAndPlainServerSends) {
  options_.target = {.driver = DriverKind::kFiles, .directory = directory_.path()};
  const StreamsResults up = Run(StreamDirection::kUp);
  EXPECT_TRUE(up.failure.ok()) << up.failure.ToString();
  EXPECT_EQ(up.bytes, 3 * kBytes);
  std::promise<uint16_t> port;
  std::atomic<bool> over = false;
  std::thread serving([&] {
    const Status served = ServeFiles(
        directory_.path(), [&](uint16_t each) { port.set_value(each); },
        [&] { return over.load(); });
    EXPECT_TRUE(served.ok()) << served.ToString();
  });
  options_.target = {.driver = DriverKind::kTcp,
                     .endpoint = {"127.0.0.1", port.get_future().get()}};
  const StreamsResults down = Run(StreamDirection::kDown);
  EXPECT_TRUE(down.failure.ok()) << down.failure.ToString();
  EXPECT_EQ(down.bytes, 3 * kBytes);
  options_.content = 7;
  EXPECT_EQ(Run(StreamDirection::kDown).failure.code(), Code::kCorrupt);
  over = true;
  serving.join();
}

Result<StreamsOptions> ParseStreams(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "streams");
  std::string help;
  return ParseStreamsOptions(static_cast<int>(arguments.size()), arguments.data(), &help);
}

TEST(StreamsOptions, WhatDoesNotFitTogetherIsRejected) {
  EXPECT_TRUE(ParseStreams({"--streams", "8", "--bytes", "524288"}).ok());
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"--bytes", "262145"},
                                             {"--probe"},
                                             {"--streams", "0"},
                                             {"--target", "redis://127.0.0.1:1"},
                                             {"--target", "files:d", "--direction", "down"},
                                             {"--target", "tcp://127.0.0.1:1"},
                                             {"--target", "files:d", "--copies", "2"},
                                             {"--direction", "sideways"}}) {
    const Result<StreamsOptions> parsed = ParseStreams(arguments);
    ASSERT_FALSE(parsed.ok()) << arguments.front();
    EXPECT_EQ(parsed.status().code(), Code::kInvalid);
    EXPECT_FALSE(parsed.status().message().empty());
  }
}

}  // namespace
}  // namespace smile::bench
