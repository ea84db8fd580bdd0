#include "protocol/text_writer.h"

#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "protocol/operations.h"
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

TEST(WriteLine, ShowsWhatIsNoTextInHexadecimal) {
  for (const ByteView value : {"\xff", "a\x1b[2J", "\xc2\x9b"}) {
    EXPECT_EQ(FormatBytes(value), "0x" + ToHex(value));
  }
  EXPECT_EQ(FormatBytes("Łódź 😀"), "\"Łódź 😀\"");
  EXPECT_EQ(FormatBytes(""), "\"\"");
}

TEST(WriteLine, CutsLongBytesBetweenCharactersAndSaysHowLongTheyAre) {
  EXPECT_EQ(FormatBytes("abcdef", {.max_bytes = 3}), "\"abc\"…(6 bytes)");
  EXPECT_EQ(FormatBytes("łłł", {.max_bytes = 3}), "\"ł\"…(6 bytes)");
  EXPECT_EQ(FormatBytes("\xff\xfe\xfd", {.max_bytes = 2}), "0xfffe…(3 bytes)");
  EXPECT_EQ(FormatBytes("abc", {.max_bytes = 3}), "\"abc\"");
}

TEST(WriteLine, ShowsSortKeysAsInAPathIfTheTableIsKnown) {
  const Key key = LinkKey(42, 1, 7);
  op::Scan::Response reply;
  reply.entries.push_back({key.sort, RecordOf("x")});
  reply.continuation = "\x01";
  const std::string record = " version=3 checksum=0000000000000abc expires_ms=0 value=\"x\"";
  const TextContext context = ContextOf(op::Scan::Request{.partition = {Table::kLinks, {}}});
  EXPECT_EQ(WriteLine(ToTree(reply, context)),
            "entries=[{sort=friend/7" + record + "}] continuation=0x01");
  EXPECT_EQ(WriteLine(ToTree(reply)),
            "entries=[{sort=0x010000000000000007" + record + "}] continuation=0x01");
  EXPECT_EQ(WriteLine(ToTree(reply, context), {.list_lines = true}),
            "continuation=0x01 entries=1\n  sort=friend/7" + record);
}

TEST(WriteLine, ShowsPartitionsAsPaths) {
  const Bytes id = PartitionOf(42);
  EXPECT_EQ(WriteLine(ToTree(op::List::Response{.partitions = {id, id}},
                             ContextOf(op::List::Request{.table = Table::kUsers}))),
            "partitions=[users/42, users/42] continuation=\"\"");
}

TEST(WriteJson, AnEmptyContinuationIsEmpty) {
  EXPECT_EQ(WriteJson(ToTree(op::Scan::Response{})), R"({"entries":[],"continuation":""})");
}

TEST(WriteJson, NamesBytesThatAreNoTextAsBase64) {
  EXPECT_EQ(WriteJson(ToTree(op::Get::Response{.record = RecordOf("Łódź \"\n")})),
            R"({"record":{"version":3,"checksum":"0000000000000abc","expires_ms":0,)"
            R"("value":"Łódź \"\n"}})");
  EXPECT_EQ(WriteJson(ToTree(op::Ping::Request{.payload = "\xff"})),
            R"({"payload_base64":"/w=="})");
}

TEST(WriteJson, LeavesOutWhatIsAbsentAndKeepsOrder) {
  EXPECT_EQ(
      WriteJson(ToTree(op::Scan::Request{.partition = {Table::kLogins, "ada"}, .to = "x"})),
      R"({"partition":"logins/ada","limit":100,"max_bytes":0,"keys_only":false,"to":"0x78"})");
}

// Whoever reads the JSON gets every byte of every value back.
TEST(WriteJson, IsJsonWhateverTheBytesAre) {
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

TEST(WriteLine, IsOneLineOfPrintableTextWhateverTheBytesAre) {
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
          ASSERT_FALSE(IsControl(rest, size)) << line;
          rest.remove_prefix(size);
        }
      }
    });
  }
}

}  // namespace
}  // namespace smile
