#include "protocol/text_writer.h"

#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "protocol/operations.h"
#include "protocol/text_time.h"
#include "tests/protocol/sampler.h"

namespace smile {
namespace {

using ::testing::HasSubstr;

RecordView RecordOf(ByteView value) {
  return {.version = 3, .checksum = 0xabc, .expires_ms = 0, .value = value};
}

TEST(WriteLine, ShowsFieldsByNameAndPathsAsPaths) {
  const Key key = UserKey(42, "my profile");
  EXPECT_EQ(WriteLine(ToTree(op::Put::Request{.key = key.view(),
                                              .condition = {ConditionKind::kIfVersion, 7},
                                              .checksum = 1,
                                              .value = "Ada \"L.\"\n"})),
            "key=users/42/my%20profile condition=if_version:7 checksum=0000000000000001 "
            "value=\"Ada \\\"L.\\\"\\n\"");
}

TEST(WriteLine, ShowsBinaryInHexadecimal) {
  for (const ByteView value : {"\xff", "a\x1b[2J", "\xc2\x9b"}) {
    EXPECT_EQ(FormatBytes(value), "0x" + ToHex(value));
  }
  EXPECT_EQ(FormatBytes("Łódź 😀"), "\"Łódź 😀\"");
  EXPECT_EQ(FormatBytes("a\u202eb"), R"("a\xe2\x80\xaeb")") << "text, of which a part is escaped";
  EXPECT_EQ(FormatBytes(""), "\"\"");
}

TEST(WriteLine, TruncatesLongBytesBetweenCharacters) {
  EXPECT_EQ(FormatBytes("abcdef", {.max_bytes = 3}), "\"abc\"…(6 bytes)");
  EXPECT_EQ(FormatBytes("łłł", {.max_bytes = 3}), "\"ł\"…(6 bytes)");
  EXPECT_EQ(FormatBytes("\xff\xfe\xfd", {.max_bytes = 2}), "0xfffe…(3 bytes)");
  EXPECT_EQ(FormatBytes("abc", {.max_bytes = 3}), "\"abc\"");
}

TEST(WriteLine, ShowsSortKeysAsPathsIfTheTableIsKnown) {
  const Key key = PostKey(42, 7);
  op::Scan::Response reply;
  reply.entries.push_back({EntryOutcome::kFound, key.sort, RecordOf("x")});
  reply.continuation = "\x01";
  const std::string record = " version=3 checksum=0000000000000abc expires_ms=0 value=\"x\"";
  const TextContext context = ContextOf(op::Scan::Request{.partition = {Table::kPosts, {}}});
  EXPECT_EQ(WriteLine(ToTree(reply, context)),
            "entries=[{outcome=found sort=7" + record + "}] continuation=0x01");
  EXPECT_EQ(WriteLine(ToTree(reply)),
            "entries=[{outcome=found sort=0x0000000000000007" + record + "}] continuation=0x01");
  EXPECT_EQ(WriteLine(ToTree(reply, context), {.list_lines = true}),
            "continuation=0x01 entries=1\n  outcome=found sort=7" + record);
}

TEST(WriteLine, ShowsExpiryTimeAndTtl) {
  const uint64_t now = 1'764'176'562'000;
  const LineStyle style{.now_millis = now};
  op::Get::Response reply{.record = {.version = 3, .expires_ms = now + 3'600'250}};
  EXPECT_THAT(WriteLine(ToTree(reply), style),
              HasSubstr(" expires=2025-11-26T18:02:42.250Z ttl=1h value="));
  EXPECT_THAT(WriteLine(ToTree(reply)), HasSubstr(" expires_ms=1764180162250 value="));
  reply.record.expires_ms = now;
  EXPECT_THAT(WriteLine(ToTree(reply), style), HasSubstr("expires=2025-11-26T17:02:42Z ttl=0s"));
  reply.record.expires_ms = 0;
  EXPECT_EQ(WriteLine(ToTree(reply), style), "version=3 checksum=0000000000000000 value=\"\"");
}

TEST(WriteLine, ShowsNoValuesWithKeysOnly) {
  op::Scan::Response reply;
  reply.entries.resize(1);
  const TextContext context =
      ContextOf(op::Scan::Request{.partition = {Table::kPosts, {}}, .keys_only = true});
  EXPECT_EQ(WriteLine(ToTree(reply, context)).find("value"), std::string::npos);
  EXPECT_EQ(WriteJson(ToTree(reply, context)).find("value"), std::string::npos);
  EXPECT_THAT(WriteLine(ToTree(reply)), HasSubstr("value=\"\""));
}

TEST(WriteLine, ShowsNoRecordIfNotFound) {
  op::MGet::Response reply;
  reply.results.push_back({KeyOutcome::kNotFound, {}});
  EXPECT_EQ(WriteLine(ToTree(reply)), "results=[{outcome=not_found}]");
  EXPECT_EQ(WriteJson(ToTree(reply)), R"({"results":[{"outcome":"not_found"}]})");
  reply.results[0] = {KeyOutcome::kFound, RecordOf("x")};
  EXPECT_THAT(WriteLine(ToTree(reply)), HasSubstr("outcome=found version=3"));
  const op::Scan::Response page{
      .entries = {{EntryOutcome::kCorrupt, "a", {}}, {EntryOutcome::kGap, "", {}}}};
  const TextContext users = ContextOf(op::Scan::Request{.partition = {Table::kUsers, {}}});
  EXPECT_EQ(WriteLine(ToTree(page, users)),
            "entries=[{outcome=corrupt sort=a}, {outcome=gap sort=\"\"}] continuation=\"\"");
}

TEST(TextTime, ShowsTtlInItsTwoLargestUnits) {
  const std::pair<uint64_t, const char*> lefts[] = {
      {0, "0s"},         {350, "350ms"},    {1'000, "1s"},         {3'599'999, "59m59s"},
      {3'600'000, "1h"}, {3'605'000, "1h"}, {183'600'000, "2d3h"}, {86'400'000, "1d"}};
  for (const auto& [left, text] : lefts) EXPECT_EQ(FormatTimeLeft(5 + left, 5), text);
  EXPECT_EQ(FormatTimeLeft(5, 6), "0s");
  EXPECT_EQ(FormatTime(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatTime(UINT64_MAX), "18446744073709551615");
}

TEST(WriteLine, ShowsPartitionsAsPaths) {
  const Bytes id = PartitionOf(42);
  EXPECT_EQ(WriteLine(ToTree(op::List::Response{.partitions = {id, id}},
                             ContextOf(op::List::Request{.table = Table::kUsers}))),
            "partitions=[users/42, users/42] gap=false continuation=\"\"");
}

TEST(WriteLine, LeavesOutFlagsThatAreNotSetUnlessTheReplyIsAboutThem) {
  const LineStyle brief{.brief = true};
  EXPECT_EQ(WriteLine(ToTree(op::Link::Response{.time_ms = 5}), brief), "created=false time_ms=5");
  EXPECT_EQ(WriteLine(ToTree(op::UserErase::Response{.posts = 7}), brief),
            "done=false logins=0 sessions=0 links=0 media=0 uploads=0 posts=7 records=0");
  EXPECT_EQ(WriteLine(ToTree(op::Unlink::Response()), brief), "removed=false");
  EXPECT_EQ(WriteLine(ToTree(op::SessionRevoke::Response()), brief), "revoked=false");
  EXPECT_EQ(WriteLine(ToTree(op::List::Response()), brief), "partitions=[] continuation=\"\"");
}

TEST(WriteJson, ShowsAnEmptyContinuationToken) {
  EXPECT_EQ(WriteJson(ToTree(op::Scan::Response{})), R"({"entries":[],"continuation":""})");
}

TEST(WriteJson, WritesBinaryAsBase64) {
  EXPECT_EQ(WriteJson(ToTree(op::Get::Response{.record = RecordOf("Łódź \"\n")})),
            R"({"record":{"version":3,"checksum":"0000000000000abc","expires_ms":0,)"
            R"("value":"Łódź \"\n"}})");
  EXPECT_EQ(WriteJson(ToTree(op::Ping::Request{.payload = "\xff"})),
            R"({"payload_base64":"/w=="})");
}

TEST(WriteJson, OmitsAbsentFieldsAndKeepsOrder) {
  EXPECT_EQ(
      WriteJson(ToTree(op::Scan::Request{.partition = {Table::kLogins, "ada"}, .to = "x"})),
      R"({"partition":"logins/ada","limit":100,"max_bytes":0,"keys_only":false,"to":"0x78"})");
}

// Whoever reads the JSON gets every byte of every value back.
TEST(WriteJson, IsValidJsonForAnyBytes) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  Sampler sampler(seed);
  for (int round = 0; round < 300; ++round) {
    const auto reply = sampler.Sample<op::Get::Response>();
    const auto json = nlohmann::json::parse(WriteJson(ToTree(reply)), nullptr, false);
    ASSERT_FALSE(json.is_discarded());
    const auto& record = json["record"];
    EXPECT_EQ(record["version"].get<uint64_t>(), reply.record.version);
    const Bytes value = record.contains("value")
                            ? record["value"].get<std::string>()
                            : FromBase64(record["value_base64"].get<std::string>()).value_or("?");
    EXPECT_EQ(value, reply.record.value);
    Operations::ForEach([&]<class Row>() {
      const std::string text = WriteJson(ToTree(sampler.Sample<typename Row::Response>()));
      EXPECT_FALSE(nlohmann::json::parse(text, nullptr, false).is_discarded()) << text;
    });
  }
}

TEST(WriteLine, IsOnePrintableLineForAnyBytes) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  Sampler sampler(seed);
  for (int round = 0; round < 200; ++round) {
    Operations::ForEach([&]<class Row>() {
      for (const std::string& line :
           {WriteLine(ToTree(sampler.Sample<typename Row::Request>())),
            WriteLine(ToTree(sampler.Sample<typename Row::Response>()))}) {
        ByteView rest = line;
        while (!rest.empty()) {
          const size_t size = Utf8SequenceSize(rest);
          ASSERT_GT(size, 0u) << line;
          ASSERT_FALSE(IsUnsafe(rest, size)) << line;
          rest.remove_prefix(size);
        }
      }
    });
  }
}

}  // namespace
}  // namespace smile
