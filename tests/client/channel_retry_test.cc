// What a Channel sends again, and what it does not.

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "tests/client/channel_fixture.h"

namespace smile {
namespace {

using ChannelRetry = ChannelTest;

TEST_F(ChannelRetry, ReadsAreRetriedOnTheNextConnection) {
  Hello();
  const auto first = Call<op::Get>(Get());
  const auto second = Call<op::Ping>({"x"});
  Fill();
  const auto third = Call<op::Ping>({"y"});
  Lose();
  EXPECT_FALSE(first->has_value());
  Hello();
  const auto sent = Fill();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[0].header.code, op::Get::kInfo.code) << "in their order, before what waited";
  ASSERT_TRUE(Reply<op::Get>(sent[0].header.id, {RecordOf("v")}).ok());
  ASSERT_TRUE(Reply<op::Ping>(sent[1].header.id, {"x"}).ok());
  ASSERT_TRUE(Reply<op::Ping>(sent[2].header.id, {"y"}).ok());
  EXPECT_EQ((**first)->record.value, "v");
  EXPECT_EQ((**second)->payload, "x");
  EXPECT_EQ((**third)->payload, "y");
}

TEST_F(ChannelRetry, SentWritesAreOutcomeUnknownAfterALoss) {
  Hello();
  const auto sent_put = Call<op::Put>(Put());
  Fill();
  const auto unsent_put = Call<op::Put>(Put());
  Lose();
  EXPECT_EQ(CodeOf(sent_put), Code::kOutcomeUnknown);
  EXPECT_FALSE(unsent_put->has_value());
  Hello();
  const auto sent = Fill();
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_TRUE(Reply<op::Put>(sent[0].header.id, {3}).ok());
  EXPECT_EQ((**unsent_put)->version, 3u);
}

TEST_F(ChannelRetry, RepeatableWritesAreSentAgainAfterALoss) {
  Hello();
  const auto append = CallWith<op::MediaAppend>({.bytes = "piece"}, {.repeatable = true});
  const auto put = Call<op::Put>(Put());
  Fill();
  Lose();
  EXPECT_FALSE(append->has_value());
  EXPECT_EQ(CodeOf(put), Code::kOutcomeUnknown);
  Hello();
  const auto sent = Fill();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].header.code, op::MediaAppend::kInfo.code);
  ASSERT_TRUE(Reply<op::MediaAppend>(sent[0].header.id, {}).ok());
  EXPECT_EQ(CodeOf(append), Code::kOk);
}

// With the token of the first attempt, so that the server makes the addition once.
TEST_F(ChannelRetry, AdditionsAreSentAgainWithTheirToken) {
  Hello();
  const Key likes = UserKey(1, "likes");
  const Key others = UserKey(2, "likes");
  const auto add = CallWith<op::Add>({.key = likes.view(), .amount = 1}, {});
  const auto once = CallWith<op::Add>({.key = others.view(), .amount = 1}, {.retry = false});
  const auto next = CallWith<op::Add>({.key = likes.view(), .amount = 2}, {});
  const auto before = Fill();
  ASSERT_EQ(before.size(), 3u);
  const auto first = before[0].As<op::Add>();
  ASSERT_TRUE(first.token.has_value());
  EXPECT_EQ(first.token->size(), kAdditionTokenBytes);
  EXPECT_FALSE(before[1].As<op::Add>().token.has_value()) << "it is never repeated";
  Lose();
  EXPECT_EQ(CodeOf(once), Code::kOutcomeUnknown);
  Hello();
  const auto after = Fill();
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(after[0].As<op::Add>().token, first.token);
  EXPECT_EQ(after[1].As<op::Add>().amount, 2) << "in their order";
  EXPECT_NE(after[1].As<op::Add>().token, first.token);
  ASSERT_TRUE(Reply<op::Add>(after[0].header.id, {.value = 5, .repeated = true}).ok());
  ASSERT_TRUE(Reply<op::Add>(after[1].header.id, {.value = 7}).ok());
  EXPECT_EQ((**add)->value, 5);
  EXPECT_EQ((**next)->value, 7);
}

TEST_F(ChannelRetry, RepeatableWritesAreSentAgainAfterAnUnknownOutcome) {
  Hello();
  const auto put = CallWith<op::Put>(Put(), {.repeatable = true});
  const auto once = Call<op::Put>(Put());
  for (const Sent& one : Fill()) Refuse(one.header.id, {Code::kOutcomeUnknown, "disk error"}).ok();
  EXPECT_EQ(CodeOf(once), Code::kOutcomeUnknown);
  EXPECT_FALSE(put->has_value());
  Pass(5);
  const auto again = Fill();
  ASSERT_EQ(again.size(), 1u);
  ASSERT_TRUE(Reply<op::Put>(again[0].header.id, {7}).ok());
  EXPECT_EQ((**put)->version, 7u);
}

// A server that rejects the client itself says nothing about what an earlier connection did.
TEST_F(ChannelRetry, RepeatableWritesOfARejectedClientEndAsOutcomeUnknown) {
  Hello();
  const auto add = Call<op::Add>({.key = Put().key, .amount = 1});
  Fill();
  Lose();
  const auto later = Call<op::Put>(Put());
  channel.Connected();
  Fill();
  channel.Disconnected({Code::kUnsupported, "no common protocol version"});
  EXPECT_EQ(CodeOf(add), Code::kOutcomeUnknown);
  EXPECT_EQ(CodeOf(later), Code::kUnsupported);
}

// An earlier attempt may have taken effect, so the last rejection does not tell all.
TEST_F(ChannelRetry, RepeatableWritesThatWereLostEndAsOutcomeUnknown) {
  Hello();
  const auto rejected = CallWith<op::MediaAppend>({.bytes = "a"}, {.repeatable = true});
  const auto overdue = CallWith<op::MediaAppend>({.bytes = "b"}, {.repeatable = true});
  const auto definite = CallWith<op::MediaAppend>({.bytes = "c"}, {.repeatable = true});
  Fill();
  Lose();
  Hello();
  const auto sent = Fill();
  ASSERT_EQ(sent.size(), 3u);
  ASSERT_TRUE(Refuse(sent[0].header.id, {Code::kOverloaded, "busy", 5000}).ok());
  EXPECT_EQ(CodeOf(rejected), Code::kOutcomeUnknown) << "no time for a further attempt";
  ASSERT_TRUE(Refuse(sent[2].header.id, {Code::kNotFound, "no such upload"}).ok());
  EXPECT_EQ(CodeOf(definite), Code::kNotFound);
  Pass(1000);
  EXPECT_EQ(CodeOf(overdue), Code::kOutcomeUnknown);
}

TEST_F(ChannelRetry, NoRetryMeansOneAttempt) {
  const auto unreachable = Call<op::Ping>({"x"}, 1000, /*retry=*/false);
  const auto patient = Call<op::Ping>({"x"}, 1000, /*retry=*/true);
  channel.Disconnected({Code::kUnavailable, "connection refused"});
  EXPECT_EQ(CodeOf(unreachable), Code::kUnavailable);
  EXPECT_FALSE(patient->has_value());
  Hello();
  const auto cut = Call<op::Ping>({"x"}, 1000, /*retry=*/false);
  const auto overloaded = Call<op::Ping>({"x"}, 1000, /*retry=*/false);
  const auto sent = Fill();
  ASSERT_EQ(sent.size(), 3u);
  ASSERT_TRUE(Refuse(sent[2].header.id, {Code::kOverloaded, "later", 5}).ok());
  EXPECT_EQ(CodeOf(overloaded), Code::kOverloaded);
  EXPECT_EQ((*overloaded)->status().retry_after_ms(), 5u);
  Lose();
  EXPECT_EQ(CodeOf(cut), Code::kUnavailable);
  EXPECT_FALSE(patient->has_value());
}

TEST_F(ChannelRetry, CallReportsWhyTheConnectionWasRejected) {
  const auto once = Call<op::Ping>({"x"}, 1000, /*retry=*/false);
  const auto patient = Call<op::Ping>({"x"}, 10);
  channel.Disconnected({Code::kOverloaded, "connection limit reached", 100});
  EXPECT_EQ(CodeOf(once), Code::kOverloaded);
  EXPECT_EQ((*once)->status().retry_after_ms(), 100u);
  Pass(11);
  EXPECT_EQ(CodeOf(patient), Code::kOverloaded);
}

TEST_F(ChannelRetry, RetryAfterIsObeyed) {
  Hello();
  const auto put = Call<op::Put>(Put());
  const auto sent = Fill();
  ASSERT_TRUE(Refuse(sent[0].header.id, {Code::kOverloaded, "later", 200}).ok());
  EXPECT_FALSE(put->has_value());
  Pass(199);
  EXPECT_TRUE(Fill().empty()) << "too early";
  EXPECT_LE(channel.next_tick(), now + 10 * kMilli);
  Pass(10);
  const auto again = Fill();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_LT(again[0].header.deadline_ms, 800) << "the deadline is the whole call's";
  ASSERT_TRUE(Reply<op::Put>(again[0].header.id, {2}).ok());
  EXPECT_EQ((**put)->version, 2u);
}

TEST_F(ChannelRetry, NoWaitPastTheDeadline) {
  Hello();
  const auto put = Call<op::Put>(Put(), 100);
  const auto sent = Fill();
  ASSERT_TRUE(Refuse(sent[0].header.id, {Code::kNoSpace, "full", 200}).ok());
  EXPECT_EQ(CodeOf(put), Code::kNoSpace);
}

TEST_F(ChannelRetry, ErrorClassesDecideRetries) {
  Hello();
  const auto stopping = Call<op::Put>(Put());
  const auto invalid = Call<op::Put>(Put());
  const auto sent = Fill();
  ASSERT_TRUE(Refuse(sent[0].header.id, {Code::kShuttingDown, "stopping"}).ok());
  ASSERT_TRUE(Refuse(sent[1].header.id, {Code::kInvalid, "no"}).ok());
  EXPECT_EQ(CodeOf(invalid), Code::kInvalid);
  EXPECT_FALSE(stopping->has_value());
  Pass(10);
  EXPECT_EQ(Fill().size(), 1u);
}

TEST_F(ChannelRetry, DelayedCallOutlivesTheConnection) {
  Hello();
  const auto put = Call<op::Put>(Put(), 1000);
  const auto sent = Fill();
  ASSERT_TRUE(Refuse(sent[0].header.id, {Code::kOverloaded, "later", 100}).ok());
  Lose();
  EXPECT_FALSE(put->has_value()) << "it was refused, so its outcome is known";
  Pass(500);
  Pass(600);
  EXPECT_EQ(CodeOf(put), Code::kUnavailable);
}

TEST_F(ChannelRetry, ReadWithChecksumMismatchIsRetried) {
  Hello();
  const auto get = Call<op::Get>(Get());
  const auto mget = Call<op::MGet>({{Get().key}});
  const auto scan = Call<op::Scan>({.partition = {Table::kUsers, "12345678"}});
  const auto feed = Call<op::Feed>({.user = 1, .kinds = {1}});
  const RecordView damaged{1, Hash64("value") ^ 1, 0, "value"};
  for (const bool good : {false, true}) {
    const auto sent = Fill();
    ASSERT_EQ(sent.size(), 4u);
    const RecordView record = good ? RecordOf("value") : damaged;
    for (const Sent& one : sent) {
      const uint32_t id = one.header.id;
      if (one.header.code == op::Get::kInfo.code) {
        ASSERT_TRUE(Reply<op::Get>(id, {record}).ok());
      } else if (one.header.code == op::MGet::kInfo.code) {
        op::MGet::Response response;
        response.results.resize(2);
        response.results[1] = {KeyOutcome::kFound, record};
        ASSERT_TRUE(Reply<op::MGet>(id, response).ok());
      } else if (one.header.code == op::Feed::kInfo.code) {
        ASSERT_TRUE(Reply<op::Feed>(id, {.entries = {{.record = record}}}).ok());
      } else {
        op::Scan::Response response;
        response.entries = {{EntryOutcome::kFound, "a", RecordOf("a")},
                            {EntryOutcome::kFound, "b", record}};
        ASSERT_TRUE(Reply<op::Scan>(id, response).ok());
      }
    }
    Pass(10);
  }
  EXPECT_EQ(CodeOf(get), Code::kOk);
  EXPECT_EQ(CodeOf(mget), Code::kOk);
  EXPECT_EQ(CodeOf(scan), Code::kOk);
  EXPECT_EQ(CodeOf(feed), Code::kOk);
}

TEST_F(ChannelRetry, PersistentChecksumMismatchIsAnError) {
  Hello();
  const auto get = Call<op::Get>(Get(), 1000, /*retry=*/false);
  const auto sent = Fill();
  ASSERT_TRUE(Reply<op::Get>(sent[0].header.id, {{1, Hash64("value") ^ 1, 0, "value"}}).ok());
  EXPECT_EQ(CodeOf(get), Code::kDamagedInTransit);
}

TEST_F(ChannelRetry, AChecksumMismatchIsRetriedThreeTimes) {
  Hello();
  const auto put = Call<op::Put>(Put(), 1'000'000);
  int attempts = 0;
  for (auto sent = Fill(); !sent.empty(); sent = Fill()) {
    ASSERT_LE(++attempts, 10);
    ASSERT_TRUE(Refuse(sent[0].header.id, {Code::kDamagedInTransit, "checksum"}).ok());
    Pass(10);
  }
  EXPECT_EQ(attempts, 4);
  EXPECT_EQ(CodeOf(put), Code::kDamagedInTransit);
}

TEST_F(ChannelRetry, AValueWithoutAChecksumGetsThatOfItsBytes) {
  Hello();
  Call<op::Put>({.key = Get().key, .value = "v"});
  Call<op::Batch>({.partition = {Table::kUsers, "12345678"},
                   .items = {{.sort = "a", .value = "w"},
                             {.kind = ItemKind::kDelete, .sort = "b"},
                             {.sort = "c", .checksum = 7, .value = "x"}}});
  Call<op::LoginRegister>(
      {.login = "l", .password = "p", .records = {{.name = "n", .value = "y"}}});
  const auto sent = Fill();
  ASSERT_EQ(sent.size(), 3u);
  op::Put::Request put;
  ASSERT_TRUE(Decode(sent[0].body, &put).ok());
  EXPECT_EQ(put.checksum, Hash64("v"));
  op::Batch::Request batch;
  ASSERT_TRUE(Decode(sent[1].body, &batch).ok());
  EXPECT_EQ(batch.items[0].checksum, Hash64("w"));
  EXPECT_EQ(batch.items[1].checksum, 0u);
  EXPECT_EQ(batch.items[2].checksum, 7u);
  op::LoginRegister::Request login;
  ASSERT_TRUE(Decode(sent[2].body, &login).ok());
  EXPECT_EQ(login.records[0].checksum, Hash64("y"));
}

TEST_F(ChannelRetry, KeysOnlyScanHasNoValuesToVerify) {
  Hello();
  const auto scan = Call<op::Scan>({.partition = {Table::kUsers, "12345678"}, .keys_only = true});
  const auto sent = Fill();
  op::Scan::Response response;
  response.entries = {{EntryOutcome::kFound, "a", {1, Hash64("a value"), 0, {}}}};
  ASSERT_TRUE(Reply<op::Scan>(sent[0].header.id, response).ok());
  EXPECT_EQ(CodeOf(scan), Code::kOk);
}

TEST_F(ChannelRetry, StalledServerIsReconnected) {
  Hello();
  Pass(2 * limits::kStalledServerMillis);  // it owes nothing
  const auto get = Call<op::Get>(Get(), 1'000'000);
  const auto ping = Call<op::Ping>({"x"}, 1'000'000);
  auto sent = Fill();
  Pass(limits::kStalledServerMillis - 1);
  ASSERT_TRUE(Reply<op::Ping>(sent[1].header.id, {"x"}).ok());
  Pass(limits::kStalledServerMillis - 1);
  EXPECT_LE(channel.next_tick(), now + 10 * kMilli);
  now += 10 * kMilli;
  const Status status = channel.Tick(now);
  EXPECT_EQ(status.code(), Code::kUnavailable);
  channel.Disconnected(status);
  Hello();
  EXPECT_EQ(Fill().size(), 1u) << "the get is sent again";
}

TEST(Backoff, DoublesUpToItsMaximumWithFullJitter) {
  Backoff backoff(10, 100, /*seed=*/3);
  int64_t smallest = 1000;
  for (uint32_t attempt = 0; attempt < 100; ++attempt) {
    int64_t largest = 0;
    const int64_t most = attempt < 4 ? int64_t{10} << attempt : 100;
    for (int i = 0; i < 1000; ++i) {
      const int64_t pause = backoff.PauseMillis(attempt);
      ASSERT_GE(pause, 0);
      largest = std::max(largest, pause);
      smallest = std::min(smallest, pause);
    }
    EXPECT_LE(largest, most);
    EXPECT_GT(largest, most * 8 / 10);
  }
  EXPECT_EQ(smallest, 0);
}

}  // namespace
}  // namespace smile
