#include "protocol/describe.h"

#include <algorithm>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/message.h"
#include "protocol/reference.h"
#include "tests/protocol/sampler.h"

namespace smile {
namespace {

using ::testing::HasSubstr;

Bytes PutFrame() {
  const Key key = UserKey(42, "profile");
  Bytes bytes;
  EncodeRequest<op::Put>(7, 500,
                         {.key = key.view(),
                          .condition = {ConditionKind::kIfAbsent, 0},
                          .checksum = Hash64("Ada"),
                          .value = "Ada",
                          .expire_seconds = 60},
                         &bytes);
  return bytes;
}

// Every byte is in one part, in order.
void CoversAll(ByteView bytes, const std::vector<FramePart>& parts) {
  size_t offset = 0;
  for (const FramePart& part : parts) {
    ASSERT_EQ(part.offset, offset) << part.name;
    ASSERT_EQ(part.bytes, bytes.substr(offset, part.bytes.size())) << part.name;
    offset += part.bytes.size();
  }
  ASSERT_EQ(offset, bytes.size());
}

bool AnyBroken(const std::vector<FramePart>& parts) {
  return std::any_of(parts.begin(), parts.end(), [](const FramePart& p) { return p.broken; });
}

std::string MeaningOf(const std::vector<FramePart>& parts, std::string_view name) {
  for (const FramePart& part : parts) {
    if (part.name == name) return part.meaning;
  }
  return "no such part";
}

TEST(Describe, NamesEveryFieldOfARequest) {
  const Bytes bytes = PutFrame();
  const std::vector<FramePart> parts = DescribeFrame<Operations>(bytes);
  CoversAll(bytes, parts);
  EXPECT_FALSE(AnyBroken(parts));
  EXPECT_EQ(MeaningOf(parts, "code"), "put");
  EXPECT_EQ(MeaningOf(parts, "deadline"), "500 ms");
  EXPECT_EQ(MeaningOf(parts, "key.partition"), "users/42");
  EXPECT_EQ(MeaningOf(parts, "key.sort"), "profile");
  EXPECT_EQ(MeaningOf(parts, "condition.kind"), "if_absent");
  EXPECT_EQ(MeaningOf(parts, "value"), "\"Ada\"");
  EXPECT_EQ(MeaningOf(parts, "tag"), "1: expire_seconds");
  EXPECT_EQ(MeaningOf(parts, "expire_seconds"), "60");
}

TEST(Describe, DescribesAReplyWithItsRequest) {
  const Key key = PostKey(42, 7);
  Bytes asked;
  EncodeRequest<op::Scan>(1, 0, {.partition = key.view().partition_view()}, &asked);
  FrameReader reader(limits::kMaxFrameBytes);
  reader.Feed(asked);
  Frame frame;
  ASSERT_EQ(reader.Next(&frame), FrameReader::Event::kFrame);
  Bytes reply;
  EncodeReply<op::Scan>(1, {.entries = {{EntryOutcome::kFound, key.sort, {}}}}, &reply);
  const std::vector<FramePart> parts =
      DescribeFrame<Operations>(reply, RequestInfoOf<Operations>(frame));
  CoversAll(reply, parts);
  EXPECT_FALSE(AnyBroken(parts));
  EXPECT_EQ(MeaningOf(parts, "entries[0].sort"), "7");
  EXPECT_TRUE(AnyBroken(DescribeFrame<Operations>(reply)));
}

TEST(Describe, DescribesErrors) {
  Bytes bytes;
  EncodeError(1, Status(Code::kConditionFailed, "no"), {.index = 2}, &bytes);
  const std::vector<FramePart> parts = DescribeFrame<Operations>(bytes);
  EXPECT_EQ(MeaningOf(parts, "code"), "condition_failed");
  EXPECT_EQ(MeaningOf(parts, "message"), "\"no\"");
  EXPECT_EQ(MeaningOf(parts, "index"), "2");
}

TEST(Describe, ReportsWhereAndWhyBytesAreInvalid) {
  const Bytes good = PutFrame();
  for (size_t size = 0; size < good.size(); ++size) {
    const ByteView cut = ByteView(good).substr(0, size);
    const std::vector<FramePart> parts = DescribeFrame<Operations>(cut);
    CoversAll(cut, parts);
    EXPECT_TRUE(AnyBroken(parts)) << size;
  }
  Bytes flipped = good;
  flipped[20] = static_cast<char>(flipped[20] ^ 1);
  EXPECT_THAT(MeaningOf(DescribeFrame<Operations>(flipped), "checksum"), HasSubstr("bytes have"));
  Bytes unknown = good;
  unknown[12] = static_cast<char>(99);
  EXPECT_EQ(MeaningOf(DescribeFrame<Operations>(unknown), "code"), "unknown operation");
}

TEST(Describe, CoversAllBytes) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  Sampler sampler(seed);
  for (int round = 0; round < 2000; ++round) {
    Bytes bytes = PutFrame();
    for (uint64_t change = sampler.Below(4); change > 0; --change) {
      bytes[12 + sampler.Below(bytes.size() - 12)] = static_cast<char>(sampler.Below(256));
    }
    CoversAll(bytes, DescribeFrame<Operations>(bytes, RequestInfo{8, {Table::kPosts}}));
  }
}

TEST(Describe, EveryMessageIsDescribedCompletely) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  Sampler sampler(seed);
  for (int round = 0; round < 100; ++round) {
    Operations::ForEach([&]<class Row>() {
      Bytes request;
      EncodeRequest<Row>(1, 0, sampler.Sample<typename Row::Request>(), &request);
      Bytes reply;
      EncodeReply<Row>(1, sampler.Sample<typename Row::Response>(), &reply);
      for (const Bytes& bytes : {request, reply}) {
        const auto parts = DescribeFrame<Operations>(bytes, RequestInfo{Row::kInfo.code, {}});
        CoversAll(bytes, parts);
        EXPECT_FALSE(AnyBroken(parts)) << FormatParts(parts);
      }
    });
  }
}

TEST(Describe, OneLinePerPart) {
  const std::string text = FormatParts(DescribeFrame<Operations>(PutFrame()));
  EXPECT_THAT(text, HasSubstr("\n    12  05  "));
  EXPECT_THAT(text, HasSubstr("users/42\n"));
}

TEST(Reference, ExamplesAreCompleteFrames) {
  for (const Example& example : MakeExamples()) {
    const bool meant = example.title.find("checksum is off") != std::string::npos;
    const bool broken = example.explanation.find("BROKEN") != std::string::npos;
    EXPECT_EQ(broken, meant) << example.title;
  }
}

}  // namespace
}  // namespace smile
