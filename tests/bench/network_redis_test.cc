#include "bench/network/redis_pipeline.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/network/network_options.h"
#include "tests/bench/fake_redis.h"

namespace smile::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RedisPipelineTest : public ::testing::Test {
 protected:
  RedisPipelineTest() {
    loop_ = EventLoop::Create().value();
    pipeline_ = std::make_unique<RedisPipeline>(loop_.get(), redis_.listening_on());
    loop_->OnTurnEnd([this] { pipeline_->Flush(); });
  }
  ~RedisPipelineTest() override { loop_->OnTurnEnd(nullptr); }

  void Ask(std::initializer_list<ByteView> words, RedisPipeline::Take take = nullptr) {
    Bytes command;
    AppendRespCommand(words, &command);
    ++asked_;
    pipeline_->Ask(command, 1, std::move(take), [this](const Status& status) {
      ended_.push_back(status);
      if (ended_.size() == asked_) loop_->Stop();
    });
  }
  std::vector<std::string> Messages() const {
    std::vector<std::string> messages;
    for (const Status& each : ended_) messages.push_back(each.message());
    return messages;
  }

  FakeRedis redis_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<RedisPipeline> pipeline_;
  size_t asked_ = 0;
  std::vector<Status> ended_;
};

TEST_F(RedisPipelineTest, AnswersRequestsInTheirOrder) {
  std::vector<std::string> values;
  const auto take = [&](const RespReply& reply) {
    for (size_t i = 1; i < reply.parts().size(); ++i) {
      values.emplace_back(reply.BytesOf(reply.parts()[i]));
    }
    return Status();
  };
  Ask({"SET", "a", "one"});
  Ask({"MGET", "a"}, take);
  Ask({"SET", "a", "two"});
  Ask({"MGET", "a"}, take);
  loop_->Run();
  EXPECT_THAT(values, ElementsAre("one", "two"));
  EXPECT_THAT(Messages(), ElementsAre("", "", "", ""));
}

TEST_F(RedisPipelineTest, WhatIsNotTakenFailsAlone) {
  Ask({"SET", "a", "one"}, [](const RespReply&) { return Status(Code::kNotFound, "nothing"); });
  Ask({"MGET", "a"});
  loop_->Run();
  EXPECT_THAT(Messages(), ElementsAre("nothing", ""));
}

TEST_F(RedisPipelineTest, AnErrorEndsAllThatIsInFlightOrFollows) {
  redis_.refused = "SADD";
  Ask({"SET", "a", "one"});
  Ask({"SADD", "b", "1"});
  Ask({"SET", "a", "two"});
  loop_->Run();
  EXPECT_THAT(Messages(), ElementsAre("", "ERR refused", "ERR refused"));
  Ask({"MGET", "a"});
  loop_->Run();
  EXPECT_EQ(ended_.back().message(), "ERR refused");
}

TEST_F(RedisPipelineTest, AnErrorInsideOfATransactionIsOne) {
  Ask({"EXEC"});
  loop_->Run();
  EXPECT_THAT(Messages(), ElementsAre("WRONGTYPE refused"));
}

TEST(NetworkOptionsTest, NameTheServerAndTheDay) {
  std::string help;
  const char* const line[] = {"network", "--target", "redis://127.0.0.1:7", "--day", "3"};
  const auto options = ParseNetworkOptions(std::size(line), line, &help);
  ASSERT_TRUE(options.ok()) << options.status().ToString();
  EXPECT_EQ(options->target.ToString(), "redis://127.0.0.1:7");
  EXPECT_EQ(options->day, 3u);
  const char* const wrong[] = {"network", "--target", "tarantool://127.0.0.1"};
  EXPECT_THAT(ParseNetworkOptions(std::size(wrong), wrong, &help).status().message(),
              HasSubstr("redis://HOST:PORT"));
}

}  // namespace
}  // namespace smile::bench
