// A client that takes only short replies: what it asks for comes in pieces, and nothing is left
// out.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "base/sha256.h"
#include "service/media/media_records.h"
#include "tests/server/session_fixture.h"

namespace smile {
namespace {

class AgreedSizeTest : public SessionTest {
 protected:
  void SetUp() override {
    const ReceivedReply hello =
        Ask(FrameOf<op::Hello>(1, {.max_frame_bytes = limits::kLeastReplyFrameBytes}));
    ASSERT_EQ(hello.As<op::Hello>().max_frame_bytes, limits::kLeastReplyFrameBytes);
  }

  ReceivedReply AskWithin(const Bytes& frame) {
    ReceivedReply reply = Ask(frame);
    EXPECT_LE(reply.body.size() + kFrameHeaderBytes, limits::kLeastReplyFrameBytes);
    return reply;
  }
  void PutValue(const Key& key, size_t bytes) {
    ASSERT_EQ(Ask(PutFrame(2, key, Bytes(bytes, 'v'))).code, Code::kOk);
  }
};

TEST_F(AgreedSizeTest, ScanPagesFitTheAgreedFrame) {
  constexpr uint64_t kPosts = 100;
  for (uint64_t post = 0; post < kPosts; ++post) PutValue(PostKey(1, post), 1000);
  for (const bool from_disk : {false, true}) {
    engine_.hold = from_disk;
    std::set<Bytes> seen;
    Bytes continuation;
    size_t pages = 0;
    do {
      const Bytes partition = PartitionOf(1);
      op::Scan::Request request{.partition = {Table::kPosts, partition}, .limit = 1000};
      if (!continuation.empty()) request.continuation = ByteView(continuation);
      Send(FrameOf<op::Scan>(3, request));
      if (from_disk) Release();
      const std::vector<ReceivedReply> replies = Replies();
      ASSERT_EQ(replies.size(), 1u);
      ASSERT_EQ(replies[0].code, Code::kOk);
      EXPECT_LE(replies[0].body.size() + kFrameHeaderBytes, limits::kLeastReplyFrameBytes);
      const auto page = replies[0].As<op::Scan>();
      for (const op::ScanEntry& entry : page.entries) {
        EXPECT_TRUE(seen.insert(Bytes(entry.sort)).second);
      }
      continuation = page.continuation;
      ++pages;
    } while (!continuation.empty());
    EXPECT_EQ(seen.size(), kPosts);
    EXPECT_EQ(pages, 4u) << "each is nearly full";
  }
}

TEST_F(AgreedSizeTest, RecordTooLargeForAFrameIsATooLargeEntry) {
  PutValue(PostKey(1, 1), 10);
  PutValue(PostKey(1, 2), limits::kLeastReplyFrameBytes);
  PutValue(PostKey(1, 3), 30'000);
  const Bytes author = PartitionOf(1);
  for (const bool keys_only : {false, true}) {
    op::Scan::Request request{
        .partition = {Table::kPosts, author}, .limit = 10, .keys_only = keys_only};
    Bytes continuation;
    std::vector<std::pair<EntryOutcome, size_t>> seen;
    do {
      if (!continuation.empty()) request.continuation = ByteView(continuation);
      const ReceivedReply reply = AskWithin(FrameOf<op::Scan>(3, request));
      ASSERT_EQ(reply.code, Code::kOk);
      const auto page = reply.As<op::Scan>();
      for (const op::ScanEntry& entry : page.entries) {
        EXPECT_EQ(entry.sort, PostKey(1, 3 - seen.size()).sort);
        seen.emplace_back(entry.outcome, entry.record.value.size());
      }
      continuation = page.continuation;
    } while (!continuation.empty());
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_EQ(seen[1].first, keys_only ? EntryOutcome::kFound : EntryOutcome::kTooLarge);
    EXPECT_EQ(seen[1].second, 0u);
    EXPECT_EQ(seen[2].second, keys_only ? 0u : 10u);
  }
  EXPECT_EQ(AskWithin(GetFrame(5, PostKey(1, 2))).code, Code::kTooLarge);
  EXPECT_EQ(Ask(FrameOf<op::Ping>(6, {})).code, Code::kOk);
}

TEST_F(AgreedSizeTest, ListPagesFitTheAgreedFrame) {
  constexpr size_t kLogins = 300;
  for (size_t i = 0; i < kLogins; ++i) {
    Bytes login(limits::kMaxNameBytes, 'x');
    login.replace(0, 4, std::to_string(1000 + i));
    const Key key = LoginKey(login);  // clients cannot put it
    const MutationView put{.kind = MutationKind::kPut, .checksum = Hash64("v"), .value = "v"};
    engine_.Write(WriteRequest(key.view().partition_view(), {put}, 0), [](const WriteReply&) {});
  }
  std::set<Bytes> seen;
  Bytes continuation;
  do {
    op::List::Request request{.table = Table::kLogins, .limit = 1000};
    if (!continuation.empty()) request.continuation = ByteView(continuation);
    const ReceivedReply reply = AskWithin(FrameOf<op::List>(3, request));
    const auto page = reply.As<op::List>();
    for (const ByteView login : page.partitions) EXPECT_TRUE(seen.insert(Bytes(login)).second);
    continuation = page.continuation;
  } while (!continuation.empty());
  EXPECT_EQ(seen.size(), kLogins);
}

// Some in memory and some not; each round tells of at least one key that was open.
TEST_F(AgreedSizeTest, RepeatedMGetAnswersEveryKey) {
  std::vector<Key> keys;
  for (uint64_t i = 0; i < limits::kMaxMGetKeys; ++i) {
    keys.push_back(PostKey(i, i));
    if (i % 4 != 0) PutValue(keys.back(), i % 50 == 1 ? 10'000 : 700);
    if (i % 3 == 0) engine_.on_disk.push_back(keys.back());
  }
  for (const size_t at_a_time : {limits::kMaxMGetKeys, limits::kMaxPeekKeys}) {
    std::map<KeyOutcome, size_t> outcomes;
    std::vector<KeyView> open;
    for (const Key& key : keys) open.push_back(key.view());
    while (!open.empty()) {
      const size_t count = std::min(open.size(), at_a_time);
      const auto reply = AskWithin(
          FrameOf<op::MGet>(3, {.keys = std::vector<KeyView>(open.begin(), open.begin() + count)}));
      ASSERT_EQ(reply.code, Code::kOk);
      const auto results = reply.As<op::MGet>().results;
      ASSERT_EQ(results.size(), count);
      std::vector<KeyView> still;
      for (size_t i = 0; i < count; ++i) {
        if (results[i].outcome == KeyOutcome::kRetry) {
          still.push_back(open[i]);
        } else {
          ++outcomes[results[i].outcome];
        }
      }
      ASSERT_LT(still.size(), count);
      still.insert(still.end(), open.begin() + count, open.end());
      open = std::move(still);
    }
    EXPECT_EQ(outcomes[KeyOutcome::kNotFound], 250u);
    if (at_a_time == limits::kMaxPeekKeys) {
      EXPECT_EQ(outcomes[KeyOutcome::kFound], 750u);
    } else {
      EXPECT_EQ(outcomes[KeyOutcome::kFound] + outcomes[KeyOutcome::kTooLarge], 750u);
      EXPECT_GT(outcomes[KeyOutcome::kTooLarge], 0u);
    }
  }
}

// Some in memory and some not: links with the largest values, small ones, and others that are none.
TEST_F(AgreedSizeTest, RepeatedLinkCheckTellsOfEveryLink) {
  std::set<uint64_t> linked;
  for (uint64_t other = 1; other <= limits::kMaxLinkChecks; ++other) {
    if (other % 4 == 0) continue;
    const Bytes value(other % 4 == 1 ? limits::kMaxLinkValueBytes : 1, 'v');
    const Bytes link =
        FrameOf<op::Link>(2, {.user = 2000, .kind = 1, .other = other, .value = value});
    ASSERT_EQ(Ask(link).code, Code::kOk);
    linked.insert(other);
  }
  for (const size_t at_a_time : {limits::kMaxLinkChecks, limits::kMaxPeekKeys}) {
    std::set<uint64_t> found;
    std::vector<uint64_t> open;
    for (uint64_t other = 1; other <= limits::kMaxLinkChecks; ++other) open.push_back(other);
    while (!open.empty()) {
      const size_t count = std::min(open.size(), at_a_time);
      const std::vector<uint64_t> asked(open.begin(), open.begin() + count);
      const ReceivedReply reply =
          AskWithin(FrameOf<op::LinkCheck>(3, {.user = 2000, .kind = 1, .others = asked}));
      ASSERT_EQ(reply.code, Code::kOk) << reply.Error().message;
      std::vector<uint64_t> still;
      for (const op::LinkEntry& entry : reply.As<op::LinkCheck>().entries) {
        if (entry.outcome == EntryOutcome::kRetry) {
          EXPECT_TRUE(entry.value.empty());
          still.push_back(entry.other);
          continue;
        }
        ASSERT_EQ(entry.outcome, EntryOutcome::kFound);
        EXPECT_EQ(entry.value.size(), entry.other % 4 == 1 ? limits::kMaxLinkValueBytes : 1u);
        EXPECT_TRUE(found.insert(entry.other).second);
      }
      ASSERT_LT(still.size(), count);
      still.insert(still.end(), open.begin() + count, open.end());
      open = std::move(still);
    }
    EXPECT_EQ(found, linked);
  }
}

// The most findings that one request can have, with the longest names.
TEST_F(AgreedSizeTest, FindingsOfAMediaCheckFit) {
  const Sha256Digest sha256 = Sha256::Of("content");
  for (uint8_t i = 0; i < limits::kCheckedMediaRecords; ++i) {
    ContentId upload;
    upload.bytes.fill(0xff);
    upload.bytes[0] = i;
    const Key key = ReferenceKey(sha256, upload);
    const MutationView put{
        .kind = MutationKind::kPut, .sort = key.sort, .checksum = Hash64("v"), .value = "v"};
    engine_.Write(WriteRequest(key.view().partition_view(), {put}, 0), [](const WriteReply&) {});
  }
  size_t findings = 0;
  Bytes continuation;
  do {
    op::MediaCheck::Request request;
    if (!continuation.empty()) request.continuation = ByteView(continuation);
    const ReceivedReply reply = AskWithin(FrameOf<op::MediaCheck>(3, request));
    ASSERT_EQ(reply.code, Code::kOk);
    const auto page = reply.As<op::MediaCheck>();
    findings += page.findings.size();
    continuation = page.continuation;
  } while (!continuation.empty());
  EXPECT_EQ(findings, limits::kCheckedMediaRecords);
}

}  // namespace
}  // namespace smile
