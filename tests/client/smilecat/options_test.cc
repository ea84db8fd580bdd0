#include "client/smilecat/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smile::cat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

CommandLine Read(const std::vector<std::string>& arguments) {
  const auto read = ReadCommandLine(TokensOf(arguments), {});
  if (const auto* saying = std::get_if<Saying>(&read)) {
    ADD_FAILURE() << saying->text;
    return {};
  }
  return std::get<CommandLine>(read);
}

Saying Refused(const std::vector<std::string>& arguments) {
  const auto read = ReadCommandLine(TokensOf(arguments), {});
  const auto* saying = std::get_if<Saying>(&read);
  return saying == nullptr ? Saying{.text = "not refused"} : *saying;
}

std::vector<std::string> TextsOf(const CommandLine& line) {
  std::vector<std::string> texts;
  for (const TextToken& token : line.request) {
    texts.push_back((token.literal ? "literal " : "") + token.text);
  }
  return texts;
}

TEST(OptionsTest, OptionsMayPrecedeAndFollowTheRequest) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"-s", "db:1", "--json", "scan", "posts/1", "--limit", "5"},
        std::vector<std::string>{"scan", "posts/1", "--limit", "5", "--json", "-s", "db:1"}}) {
    const CommandLine line = Read(arguments);
    EXPECT_EQ(line.task, TaskKind::kRequest);
    EXPECT_THAT(TextsOf(line), ElementsAre("scan", "posts/1", "--limit", "5"));
    EXPECT_TRUE(line.json);
    EXPECT_EQ(line.server.server.ToString(), "db:1");
  }
}

TEST(OptionsTest, ValueMayLookLikeACommandOrAnOption) {
  EXPECT_THAT(TextsOf(Read({"put", "users/1/x", "load"})), ElementsAre("put", "users/1/x", "load"));
  EXPECT_THAT(TextsOf(Read({"put", "users/1/x", "-"})), ElementsAre("put", "users/1/x", "-"));
  EXPECT_THAT(TextsOf(Read({"put", "users/1/x", "--", "--json", "@x"})),
              ElementsAre("put", "users/1/x", "literal --json", "literal @x"));
}

TEST(OptionsTest, WithoutARequestLinesAreRead) {
  const CommandLine line = Read({});
  EXPECT_EQ(line.task, TaskKind::kLines);
  EXPECT_EQ(line.server.server.ToString(), "127.0.0.1:7645");
  EXPECT_EQ(line.server.deadline_millis, 10'000);
}

TEST(OptionsTest, LoadDistinguishesGivenOptions) {
  const CommandLine plain = Read({"load", "a.csv", "--key", "users/{id}/x"});
  EXPECT_EQ(plain.task, TaskKind::kLoad);
  EXPECT_EQ(plain.load.mapping.value, std::nullopt);
  EXPECT_EQ(plain.load.mapping.json, std::nullopt);
  EXPECT_EQ(plain.load.format, std::nullopt);
  EXPECT_EQ(plain.load.server.deadline_millis, 30'000);
  const CommandLine full =
      Read({"-s",       "db",           "load",        "-",          "-k",      "{a}/x",
            "-k",       "{b}/[x,y]",    "-t",          "users",      "--value", "",
            "--format", "jsonl",        "--if-absent", "--expire",   "{ttl}",   "--resume",
            "p",        "--max-errors", "0",           "--deadline", "5"});
  EXPECT_THAT(full.load.mapping.keys, ElementsAre("{a}/x", "{b}/[x,y]"));
  EXPECT_EQ(full.load.mapping.table, "users");
  EXPECT_EQ(full.load.mapping.value, "");
  EXPECT_EQ(full.load.format, RowFormat::kJsonLines);
  EXPECT_TRUE(full.load.if_absent);
  EXPECT_EQ(full.load.mapping.expire, "{ttl}");
  EXPECT_EQ(full.load.resume_file, "p");
  EXPECT_EQ(full.load.max_errors, 0u);
  EXPECT_EQ(full.load.server.deadline_millis, 5);
  EXPECT_EQ(full.load.server.server.ToString(), "db:7645");
  EXPECT_THAT(*Read({"load", "a.csv", "-k", "x", "--json-value", "a,b"}).load.mapping.json,
              ElementsAre("a", "b"));
}

TEST(OptionsTest, OtherCommandsAreKnown) {
  EXPECT_EQ(Read({"--send-hex", "00", "--hello", "--idle", "5"}).send_hex.idle_millis, 5);
  EXPECT_EQ(Read({"--send-hex", ""}).task, TaskKind::kSendHex);
  EXPECT_EQ(Read({"--listen", "0"}).listen.ToString(), "127.0.0.1:0");
  EXPECT_EQ(Read({"--listen", "[::1]:5"}).listen.ToString(), "[::1]:5");
  EXPECT_EQ(Read({"decode", "-"}).task, TaskKind::kDecode);
  EXPECT_EQ(Read({"describe", "get"}).subject, "get");
  EXPECT_EQ(Read({"dump", "users", "-o", "f"}).dump.output_file, "f");
  EXPECT_EQ(Read({"dump", "--all"}).dump.path, "");
}

TEST(OptionsTest, ErrorsAreOneLineThatMentionsHelp) {
  const std::pair<std::vector<std::string>, const char*> lines[] = {
      {{"-s", "a:b:c", "ping"}, "-s: "},
      {{"--deadline", "x", "ping"}, "--deadline"},
      {{"--deadline", "0", "ping"}, "--deadline"},
      {{"-s"}, "--server"},
      {{"--listen", "99999999"}, "no port"},
      {{"--listen", "1", "ping"}, "do not go together"},
      {{"--send-hex", "00", "--listen", "1"}, "do not go together"},
      {{"--idle", "5"}, "--send-hex"},
      {{"-o", "f"}, "-o belongs"},
      {{"--raw"}, "--raw belongs"},
      {{"--raw", "get", "users/1/x", "--json"}, "one of them"},
      {{"--raw", "-o", "f", "get", "users/1/x"}, "do not go together"},
      {{"get", "users/1/x", "--all"}, "--all belongs"},
      {{"scan", "users/1", "--all", "--limit", "5"}, "do not go together"},
      {{"ping", "--watch"}, "belong to stats"},
      {{"stats", "--watch", "--interval", "0"}, "is not a number from 0.1"},
      {{"stats", "--watch", "--interval", "nan"}, "--interval"},
      {{"--save", "f"}, "--save belongs"},
      {{"-o", "f", "--json", "get", "users/1/x"}, "one of them"},
      {{"load"}, "load needs a FILE"},
      {{"load", "a", "b", "c"}, "unexpected argument b"},
      {{"load", "a", "--bogus"}, "unknown option --bogus"},
      {{"load", "a", "--key"}, "--key needs a value: TEMPLATE"},
      {{"ping", "--deadline"}, "--deadline needs a value: MS"},
      {{"load", "a", "--format", "xml"}, "--format"},
      {{"dump"}, "needs a table"},
      {{"dump", "users", "--all"}, "--all is every table"},
      {{"decode"}, "needs a FILE"},
      {{"describe", "x"}, "no operation or command \"x\""},
      {{"help", "nope"}, "no operation or command \"nope\""},
      {{"nope", "--help"}, "no operation or command \"nope\""},
      {{"--foo"}, "there is no option --foo"},
      {{"-x"}, "there is no option -x"},
      {{"--foo", "get", "users/1/x"}, "there is no option --foo"}};
  for (const auto& [arguments, words] : lines) {
    const Saying saying = Refused(arguments);
    EXPECT_EQ(saying.status, ExitStatus::kUsage) << words;
    EXPECT_THAT(saying.text, HasSubstr(words));
    EXPECT_EQ(saying.text.find('\n'), std::string::npos) << saying.text;
    EXPECT_THAT(saying.help, HasSubstr("--help"));
  }
}

TEST(OptionsTest, HelpIsForItsOperationOrCommand) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"get", "--help"}, std::vector<std::string>{"--help", "get"},
        std::vector<std::string>{"get", "users/1/x", "-h"},
        std::vector<std::string>{"help", "get"}}) {
    EXPECT_THAT(Refused(arguments).text, HasSubstr("Usage: smilecat get KEY"));
  }
  EXPECT_EQ(Refused({"help", "load"}).text, Refused({"load", "--help"}).text);
  EXPECT_EQ(Refused({"help"}).text, Refused({"--help"}).text);
  EXPECT_THAT(Refused({"scan", "--help"}).text, HasSubstr("; default 100)"));
}

TEST(OptionsTest, DefaultsApply) {
  const Defaults defaults{
      .server = {"db", 5}, .deadline_millis = 70, .json = true, .raw_times = true};
  const auto read = [&](const std::vector<std::string>& arguments) {
    return std::get<CommandLine>(ReadCommandLine(TokensOf(arguments), defaults));
  };
  EXPECT_EQ(read({"ping"}).server.server.ToString(), "db:5");
  EXPECT_EQ(read({"ping"}).server.deadline_millis, 70);
  EXPECT_TRUE(read({"ping"}).json);
  EXPECT_TRUE(read({"ping"}).raw_times);
  EXPECT_EQ(read({"ping", "-s", "other"}).server.server.ToString(), "other:7645");
  EXPECT_EQ(read({"ping", "--deadline", "9"}).server.deadline_millis, 9);
}

TEST(OptionsTest, QuotedArgumentIsNeverAnOption) {
  const auto tokens = SplitLine("put users/1/x '--json'");
  const auto read = ReadCommandLine(*tokens, {});
  ASSERT_TRUE(std::holds_alternative<CommandLine>(read));
  EXPECT_FALSE(std::get<CommandLine>(read).json);
  EXPECT_THAT(TextsOf(std::get<CommandLine>(read)),
              ElementsAre("put", "users/1/x", "literal --json"));
}

TEST(OptionsTest, HelloIsNotOffered) {
  EXPECT_THAT(Refused({"--help"}).text, Not(HasSubstr("\n  hello")));
  EXPECT_THAT(Refused({"help", "hello"}).text, Not(HasSubstr("smilecat hello")));
}

TEST(OptionsTest, HelpAndVersionAreNotErrors) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"}, std::vector<std::string>{"load", "-h"},
        std::vector<std::string>{"help"}, std::vector<std::string>{"--version"}}) {
    const Saying saying = Refused(arguments);
    EXPECT_EQ(saying.status, ExitStatus::kOk);
    EXPECT_THAT(saying.text, HasSubstr("smilecat"));
  }
}

TEST(Options, MediaCommandsHaveTheirOwn) {
  const CommandLine put = Read({"-s", "h:1", "media", "put", "a", "-", "--owner", "42", "-j", "8"});
  EXPECT_EQ(put.task, TaskKind::kMedia);
  EXPECT_EQ(put.media.action, MediaAction::kPut);
  EXPECT_EQ(put.media.server.server.ToString(), "h:1");
  EXPECT_EQ(put.media.server.deadline_millis, 60'000);
  EXPECT_THAT(put.media.items, ElementsAre("a", "-"));
  EXPECT_EQ(put.media.owner, 42u);
  EXPECT_EQ(put.media.jobs, 8u);
  EXPECT_EQ(put.subject, "-") << "not for the prompt";
  const CommandLine get = Read({"media", "get", "1/2", "--range", "5-9", "--deadline", "7"});
  ASSERT_TRUE(get.media.range.has_value());
  EXPECT_EQ(get.media.range->offset, 5u);
  EXPECT_EQ(get.media.range->size, 5u);
  EXPECT_EQ(get.media.server.deadline_millis, 7);
  EXPECT_EQ(get.media.jobs, 4u);
  EXPECT_EQ(Read({"media", "get", "1/2", "1/3", "--jobs", "32"}).media.jobs, 32u);
  EXPECT_TRUE(Read({"--json", "media", "list", "1"}).media.json);
  EXPECT_TRUE(Read({"media", "delete", "--all", "1", "--yes"}).media.all);

  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"media", "push"}, "no command media \"push\""},
      {{"media", "put"}, "needs a FILE"},
      {{"media", "put", "-", "-"}, "can be read once"},
      {{"media", "put", "a", "--jobs", "0"}, "--jobs"},
      {{"media", "put", "a", "--yes"}, "--yes"},
      {{"media", "get", "1"}, "no OWNER/ID"},
      {{"media", "get", "1/2", "--jobs", "33"}, "--jobs"},
      {{"media", "get", "1/2", "--range", "9-5"}, "no range of bytes"},
      {{"media", "list"}, "one OWNER"},
      {{"media", "list", "-1"}, ""},
      {{"media", "delete", "--all", "1/2"}, "OWNER"},
  };
  for (const auto& [arguments, words] : wrong) {
    const Saying saying = Refused(arguments);
    EXPECT_EQ(saying.status, ExitStatus::kUsage);
    EXPECT_THAT(saying.text, HasSubstr(words));
    EXPECT_THAT(saying.help, HasSubstr("media"));
  }
  EXPECT_EQ(Refused({"help", "media"}).text, Refused({"media", "--help"}).text);
  EXPECT_EQ(Refused({"media"}).text, Refused({"media", "--help"}).text);
  EXPECT_THAT(Refused({"media", "put", "--help"}).text, HasSubstr("smilecat media put FILE"));
}

}  // namespace
}  // namespace smile::cat
