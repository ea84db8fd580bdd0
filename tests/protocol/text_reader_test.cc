#include "protocol/text_reader.h"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/codec.h"
#include "protocol/operations.h"
#include "protocol/text_command.h"
#include "tests/protocol/sampler.h"

namespace smile {
namespace {

using ::testing::HasSubstr;

std::vector<TextToken> Split(std::string_view line) {
  Result<std::vector<TextToken>> tokens = SplitLine(line);
  EXPECT_TRUE(tokens.ok()) << line << ": " << tokens.status().ToString();
  return tokens.ok() ? *tokens : std::vector<TextToken>();
}

// Reads one line, and gives how it would be written, or why it is refused.
std::string ReadAndWrite(std::string_view line) {
  std::string written;
  const Status status =
      ReadAnyRequest<Operations>(Split(line), {}, [&]<class Row>(Row, TextRequest<Row> read) {
        const TextRequest<Row> moved = std::move(read);
        written = WriteCommand<Row>(moved.request);
      });
  return status.ok() ? written : status.ToString();
}

template <class Row>
TextRequest<Row> Read(std::string_view arguments, const ContentReader& content = {}) {
  Result<TextRequest<Row>> read = ReadRequest<Row>(Split(arguments), content);
  EXPECT_TRUE(read.ok()) << arguments << ": " << read.status().ToString();
  return read.ok() ? std::move(*read) : TextRequest<Row>();
}

TEST(TextReader, ParsesRequests) {
  for (const std::string line :
       {"ping",
        "ping --payload hello",
        "get users/42/profile",
        "put users/42/profile \"Ada Lovelace\"",
        "put users/42/profile \"Ada\" --if-absent --expire-seconds 60",
        "delete users/42/profile --if-version 7",
        "mget users/42/profile users/7/a@b posts/42/7",
        "batch users/42 put profile \"Ada\" --if-absent delete theme put x \"\\xff\" "
        "--expire-seconds 3",
        "scan posts/42 --limit 20 --keys-only --from 7 --to 3 --continuation 0x00ff",
        "scan users/42 --from a --to b",
        "list users --limit 5",
        "list links",
        "stats",
        "link 42 friend 7",
        "link 42 77 7 --value \"a\" --inverse follower --time-ms 9",
        "link_list 42 friend --limit 5 --since-ms 7",
        "link_check 42 family 7 8 9",
        "link_common 42 7 friend",
        "link_counts 42",
        "hello --client-name test"}) {
    EXPECT_EQ(ReadAndWrite(line), line);
  }
}

template <class Row>
void ComesBack(Sampler* sampler) {
  const auto request = sampler->Sample<typename Row::Request>();
  Bytes sent;
  Encode(request, &sent);
  const std::string line = WriteCommand<Row>(request);
  Bytes read_back;
  const Status status = ReadAnyRequest<Operations>(
      Split(line), {},
      [&]<class Read>(Read, const TextRequest<Read>& read) { Encode(read.request, &read_back); });
  ASSERT_TRUE(status.ok()) << line << "\n" << status.ToString();
  ASSERT_EQ(read_back, sent) << line;
}

TEST(TextReader, EveryRequestRoundTrips) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  Sampler sampler(seed);
  for (int round = 0; round < 300; ++round) {
    Operations::ForEach([&]<class Row>() { ComesBack<Row>(&sampler); });
  }
}

// Also of tables whose records are the server's own, but not a part of a partition.
TEST(TextReader, WatchesNamePartitionsOfListedTables) {
  const TextRequest<op::Watch> read = Read<op::Watch>("posts/1 links/2 media/3 logins/ada");
  ASSERT_EQ(read.request.partitions.size(), 4u);
  EXPECT_EQ(read.request.partitions[1].table, Table::kLinks);
  for (const char* line : {"links/1/friend", "media/1/5", "users/1/theme", "sessions/1", "links"}) {
    const Status status = ReadAnyRequest<Operations>(Split("watch " + std::string(line)), {},
                                                     [](auto, const auto&) {});
    EXPECT_EQ(status.code(), Code::kInvalid) << line;
  }
}

TEST(TextReader, OmittedFieldsHaveTheirDefaults) {
  const TextRequest<op::Scan> read = Read<op::Scan>("users/1");
  EXPECT_EQ(read.request.limit, op::Scan::Request().limit);
  EXPECT_FALSE(read.request.keys_only);
  EXPECT_FALSE(read.request.from.has_value());
}

TEST(TextReader, ComputesTheChecksumOfTheValue) {
  EXPECT_EQ(Read<op::Put>("users/1/x Ada").request.checksum, Hash64("Ada"));
  const TextRequest<op::Batch> batch = Read<op::Batch>("users/1 put x Ada delete y");
  EXPECT_EQ(batch.request.items.at(0).checksum, Hash64("Ada"));
  EXPECT_EQ(batch.request.items.at(1).checksum, 0u);
}

TEST(TextReader, OptionsMayAppearAnywhere) {
  const TextRequest<op::Scan> read = Read<op::Scan>("--from 7 --limit 3 posts/42");
  EXPECT_EQ(read.request.limit, 3u);
  EXPECT_EQ(read.request.from, ByteView(PostKey(42, 7).sort));
}

TEST(TextReader, ScansAreOfPartitions) {
  EXPECT_THAT(ReadAndWrite("scan logins/ada"), HasSubstr("login_register"));
  EXPECT_THAT(ReadAndWrite("scan users/1/profile"), HasSubstr("is not a partition"));
  EXPECT_THAT(ReadAndWrite("scan users"), HasSubstr("is not a partition"));
}

TEST(TextReader, ContentComesFromTheCaller) {
  std::vector<std::string> asked;
  const ContentReader content = [&](std::string_view name, std::string_view) -> Result<Bytes> {
    asked.emplace_back(name);
    return Bytes("content of ").append(name);
  };
  EXPECT_EQ(Read<op::Put>("users/1/x @photo.jpg", content).request.value, "content of photo.jpg");
  EXPECT_EQ(Read<op::Put>("users/1/x -", content).request.value, "content of -");
  EXPECT_EQ(Read<op::Put>("users/1/x \"@photo.jpg\"", content).request.value, "@photo.jpg");
  EXPECT_EQ(Read<op::Put>("users/1/x -- -", content).request.value, "-");
  EXPECT_EQ(Read<op::Ping>("--payload @x", content).request.payload, "@x");
  EXPECT_EQ(asked, (std::vector<std::string>{"photo.jpg", "-"}));
  EXPECT_EQ(Read<op::Put>("users/1/x @photo.jpg").request.value, "@photo.jpg");
}

TEST(TextReader, ContentErrorsArePassedOn) {
  const ContentReader content = [](std::string_view, std::string_view) -> Result<Bytes> {
    return Status(Code::kNotFound, "there is no such file");
  };
  EXPECT_EQ(ReadRequest<op::Put>(Split("users/1/x @f"), content).status().ToString(),
            "not_found: there is no such file");
}

TEST(TextReader, ErrorsShowTheUsage) {
  const std::pair<std::string, std::string> cases[] = {
      {"frobnicate x", "unknown operation \"frobnicate\"; operations are hello, ping, get"},
      {"get", "KEY is missing (usage: get KEY)"},
      {"get users/x/profile", "\"x\" is not a valid user in users"},
      {"get users/1/profile more", "unexpected argument \"more\""},
      {"get users/1/profile --fast", "unknown option --fast"},
      {"put users/1/x", "VALUE is missing"},
      {"put users/1/x v --if-absent --if-version 3", "only one condition"},
      {"put users/1/x v --if-absent --if-absent", "--if-absent is given twice"},
      {"put users/1/x v --if-version", "--if-version needs a value"},
      {"put users/1/x v --expire-seconds --if-absent", "--expire-seconds needs a value"},
      {"put users/1/x v --expire-seconds 4294967296", "not an integer from 0 to 4294967295"},
      {"put users/1/x v --expire-seconds -1", "\"-1\" is not an integer"},
      {"put users/1/x v --expire-seconds 1x", "\"1x\" is not an integer"},
      {"scan users/1 --limit 1 --limit 2", "--limit is given twice"},
      {"scan users/1 --continuation 0xf", "is not hexadecimal"},
      {"scan posts/1 --from enemy", "\"enemy\" is not a valid post in posts"},
      {"link_count 1 enemy", "\"enemy\" is not a kind of links: it must be friend, family"},
      {"link_count 1 256", "is not a kind of links"},
      {"list people", "\"people\" is not one of users, logins"},
      {"batch users/1", "ITEMS is missing"},
      {"batch users/1 put", "SORT is missing"},
      {"batch users/1 move x", "\"move\" is not one of put, delete"},
      {"batch users/1 delete x v", "\"v\" is not one of put, delete"},
      {"batch users/1 put x v --fast", "unknown option --fast"},
      {"mget", "KEYS is missing"}};
  for (const auto& [line, words] : cases) {
    EXPECT_THAT(ReadAndWrite(line), HasSubstr(words)) << line;
  }
  EXPECT_THAT(ReadAndWrite("scan"), HasSubstr("(usage: scan PARTITION [--limit N]"));
  EXPECT_FALSE(ReadAnyRequest<Operations>({}, {}, [](auto, const auto&) {}).ok());
}

TEST(TextReader, UsageListsEveryArgument) {
  const TextUsage usage = UsageOf<op::Batch>();
  EXPECT_EQ(
      usage.line,
      "batch PARTITION (put|delete|add|add_saturating SORT [VALUE] [--if-absent] [--if-version N] "
      "[--expire-seconds N])...");
  std::vector<std::string> forms;
  for (const TextArgument& argument : usage.arguments) {
    forms.push_back(argument.form);
    EXPECT_FALSE(argument.summary.empty()) << argument.form;
  }
  EXPECT_EQ(forms,
            (std::vector<std::string>{"PARTITION", "put|delete|add|add_saturating", "SORT", "VALUE",
                                      "--if-absent", "--if-version N", "--expire-seconds N"}));
}

}  // namespace
}  // namespace smile
