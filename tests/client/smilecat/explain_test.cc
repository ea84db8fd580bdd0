// Frames explained, requests completed, and a new operation that everything knows of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/smilecat/completion.h"
#include "client/smilecat/conversation.h"
#include "client/smilecat/exit_status.h"
#include "client/smilecat/request.h"
#include "client/smilecat/send_hex.h"
#include "client/smilecat/stats_view.h"
#include "protocol/message.h"
#include "protocol/operations.h"

namespace smile::cat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// What is printed when `bytes` come in pieces of `step`.
std::string Explain(ByteView bytes, size_t step, Direction direction = Direction::kEither) {
  std::string text;
  Conversation conversation("", [&](const std::string& lines) { text += lines; });
  for (size_t i = 0; i < bytes.size(); i += step) {
    conversation.Feed(direction, bytes.substr(i, step));
  }
  conversation.End(direction);
  return text;
}

Bytes GetAndReply() {
  Bytes bytes;
  const Key key = PostKey(42, 7311);
  EncodeRequest<op::Get>(9, 0, {.key = key.view()}, &bytes);
  EncodeReply<op::Get>(9, {.record = {.version = 3, .value = "Ada"}}, &bytes);
  EncodeError(10, Status(Code::kOverloaded, "later", 5), {}, &bytes);
  return bytes;
}

TEST(ConversationTest, ExplanationDoesNotDependOnSplitPoints) {
  const std::string whole = Explain(GetAndReply(), 1 << 20);
  EXPECT_THAT(whole, HasSubstr("> get, id 9"));
  EXPECT_THAT(whole, HasSubstr("7311"));
  EXPECT_THAT(whole, HasSubstr("< reply to get, ok, id 9"));
  EXPECT_THAT(whole, HasSubstr("\"Ada\""));
  EXPECT_THAT(whole, HasSubstr("< reply to an unseen request, overloaded, id 10"));
  for (const size_t step : {1, 2, 3, 7, 16, 17}) EXPECT_EQ(Explain(GetAndReply(), step), whole);
}

TEST(ConversationTest, KeptFramesHaveNoSecrets) {
  Bytes frames = GetAndReply();
  const size_t without_secrets = frames.size();
  EncodeRequest<op::LoginVerify>(11, 0, {.login = "ada", .password = "correct horse"}, &frames);
  for (const size_t behind : {0, 20}) {  // whole, and cut off within the secret
    const ByteView bytes = ByteView(frames).substr(0, frames.size() - behind);
    for (const size_t step : {1, 7, 1 << 20}) {
      Bytes kept;
      Conversation conversation(
          "", [](const std::string&) {}, [&](Direction, ByteView masked) { kept.append(masked); });
      for (size_t i = 0; i < bytes.size(); i += step) {
        conversation.Feed(Direction::kEither, bytes.substr(i, step));
      }
      conversation.End(Direction::kEither);
      EXPECT_EQ(kept.size(), bytes.size());
      EXPECT_EQ(kept.substr(0, without_secrets), bytes.substr(0, without_secrets));
      EXPECT_THAT(kept, Not(HasSubstr("corre")));
      EXPECT_THAT(kept, Not(HasSubstr("horse")));
      if (behind > 0) continue;
      EXPECT_THAT(kept, HasSubstr(std::string(13, '*')));
      EXPECT_THAT(Explain(kept, 1 << 20), HasSubstr("> login_verify, id 11"));
    }
  }
}

TEST(ConversationTest, BrokenBytesAreKept) {
  Bytes broken = GetAndReply();
  broken[20] = static_cast<char>(broken[20] ^ 1);
  Bytes kept;
  Conversation conversation(
      "", [](const std::string&) {}, [&](Direction, ByteView bytes) { kept.append(bytes); });
  conversation.Feed(Direction::kToServer, broken);
  conversation.Feed(Direction::kToServer, "more");
  EXPECT_EQ(kept, broken + "more");
}

TEST(ConversationTest, InvalidBytesAndTheRestAreShown) {
  Bytes broken = GetAndReply();
  broken[20] = static_cast<char>(broken[20] ^ 1);
  const std::string text = Explain(broken, 1 << 20, Direction::kToServer);
  EXPECT_THAT(text, HasSubstr("checksum does not match"));
  EXPECT_THAT(text, HasSubstr("bytes that are no frame"));
  EXPECT_THAT(text, Not(HasSubstr("reply to get")));
  EXPECT_THAT(Explain("GET / HTTP/1.1\r\n\r\n", 1, Direction::kToServer),
              HasSubstr("exceeds the limit"));
}

TEST(ConversationTest, TruncatedFrameIsShownPartially) {
  const Bytes bytes = GetAndReply();
  const std::string text = Explain(ByteView(bytes).substr(0, 20), 20);
  EXPECT_THAT(text, HasSubstr("ends too early"));
  EXPECT_THAT(text, HasSubstr("table"));
}

TEST(ConversationTest, RememberedRequestsAreBounded) {
  size_t prints = 0;
  Conversation conversation("", [&](const std::string&) { ++prints; });
  Bytes bytes;
  const uint32_t count = limits::kMaxSniffedRequests + 10;
  for (uint32_t id = 1; id <= count; ++id) EncodeRequest<op::Ping>(id, 0, {}, &bytes);
  conversation.Feed(Direction::kToServer, bytes);
  EXPECT_EQ(prints, count);
  Bytes reply;
  EncodeReply<op::Ping>(1, {}, &reply);
  conversation.Feed(Direction::kToClient, reply);
  EXPECT_TRUE(conversation.sound());
}

TEST(SendHexTest, HexadecimalTextMayHaveSpaces) {
  EXPECT_EQ(*ReadHexText("00 fF:10\n\t2a"), Bytes("\x00\xff\x10\x2a", 4));
  EXPECT_EQ(*ReadHexText(""), "");
  for (const char* text : {"0", "0 0", "xx", "00 1", "0g"}) {
    EXPECT_FALSE(ReadHexText(text).ok()) << text;
  }
}

TEST(CompletionTest, CompletesOperationsTablesAndOptions) {
  EXPECT_THAT(Complete("p").choices, ElementsAre("ping", "put"));
  EXPECT_EQ(Complete("sc").common_start, "scan");
  EXPECT_THAT(Complete("put users/1/x y --if").choices, ElementsAre("--if-absent", "--if-version"));
  EXPECT_EQ(Complete("put users/1/x y --if").common_start, "--if-");
  EXPECT_THAT(Complete("get us").choices, ElementsAre("users/"));
  EXPECT_THAT(Complete("list us").choices, ElementsAre("users"));
  EXPECT_THAT(Complete("help sta").choices, ElementsAre("stats"));
  EXPECT_THAT(Complete("nothing us").choices, IsEmpty());
  EXPECT_EQ(Complete("get users/1").common_start, "users/1");
  EXPECT_THAT(Complete("--json -s host:1 get us").choices, ElementsAre("users/"));
  EXPECT_THAT(Complete("--json sc").choices, ElementsAre("scan"));
  EXPECT_THAT(Complete("nothing sc").choices, IsEmpty());
}

TEST(CompletionTest, CompletesCommands) {
  EXPECT_THAT(Complete("d").choices, ElementsAre("decode", "delete", "describe", "dump"));
  EXPECT_THAT(Complete("describe ge").choices, ElementsAre("get"));
  EXPECT_THAT(Complete("dump us").choices, ElementsAre("users"));
  EXPECT_THAT(Complete("he").choices, ElementsAre("help"));
}

TEST(CompletionTest, CompletesPaths) {
  std::vector<std::string> asked;
  const PathLookup lookup = [&](std::string_view word, bool records) {
    asked.push_back(std::string(word) + (records ? " records" : ""));
    return FoundPaths{{"users/42/", "users/43/"}, true};
  };
  EXPECT_EQ(Complete("get users/4", lookup).common_start, "users/4");
  EXPECT_TRUE(Complete("get users/4", lookup).more);
  EXPECT_THAT(Complete("scan users/42", lookup).choices, ElementsAre("users/42/"));
  EXPECT_THAT(Complete("get users/", lookup).choices, ElementsAre("users/42/", "users/43/"))
      << "what is typed is not a choice";
  EXPECT_THAT(asked,
              ElementsAre("users/4 records", "users/4 records", "users/42", "users/ records"));
  Complete("ping --payload users/4", lookup);
  Complete("get us", lookup);
  EXPECT_EQ(asked.size(), 4u);
}

TEST(StatsTest, TableAlignsNumbers) {
  const StatValues before = {{"a.count", 1000}, {"b.start_millis", 0}, {"c", 5}};
  const StatValues now = {{"a.count", 1234}, {"b_start_millis", 1000}, {"c", 4}};
  EXPECT_EQ(StatsTable(now, &before, false),
            "a.count                        1,234  +234\n"
            "b_start_millis  1970-01-01T00:00:01Z\n"
            "c                                  4    -1\n");
  EXPECT_EQ(StatsTable({{"x_start_millis", 7}}, nullptr, true), "x_start_millis  7\n");
}

// A row that no other part of smilecat has heard of.
struct Greet {
  static constexpr OperationInfo kInfo{77, "greet", "says hello", Effect::kRead, 1};
  struct Request {
    ByteView name;
    static constexpr auto Fields() { return FieldList{Field<&Request::name>{"name", "whom"}}; }
  };
  struct Response {
    ByteView greeting;
    static constexpr auto Fields() {
      return FieldList{Field<&Response::greeting>{"greeting", "what is said"}};
    }
  };
};

struct GreetingClient {
  template <class Row>
  void Call(const typename Row::Request& request, const CallOptions&,
            std::function<void(Answer<Row>)> done) {
    if constexpr (std::is_same_v<Row, Greet>) {
      const Bytes words = "hello " + Bytes(request.name);
      std::unique_ptr<char[]> body(new char[words.size()]);
      std::copy(words.begin(), words.end(), body.get());
      const ByteView greeting(body.get(), words.size());
      done(Answer<Row>(std::move(body), {.greeting = greeting}));
    }
  }
};

Bytes Ask(const std::vector<std::string>& words, ReplyForm form) {
  GreetingClient client;
  Bytes shown;
  const Status status = SendRequest<OperationList<op::Ping, Greet>>(
      &client, TokensOf(words), {}, {}, form,
      [&](const OperationInfo&) { return [&](Reply reply) { shown = reply.shown; }; });
  return status.ok() ? shown : status.message();
}

TEST(NewOperationTest, NewOperationWorksEndToEnd) {
  EXPECT_EQ(Ask({"greet", "Ada"}, ReplyForm::kLine), "greeting=\"hello Ada\"\n");
  EXPECT_EQ(Ask({"greet", "Ada"}, ReplyForm::kJson), "{\"greeting\":\"hello Ada\"}\n");
  EXPECT_THAT(Ask({"greet"}, ReplyForm::kLine), HasSubstr("usage: greet NAME"));
}

TEST(ReplyTest, OnlySingleRecordRepliesAreRawValues) {
  static_assert(kAnswersWithValue<op::Get::Response>);
  static_assert(!kAnswersWithValue<op::Scan::Response>);
  static_assert(!kAnswersWithValue<op::Ping::Response>);
  static_assert(!kAnswersWithValue<op::Delete::Response>);
  EXPECT_EQ(ShowMessage(ToTree(op::Delete::Response{.version = 7}), ReplyForm::kLine),
            "version=7\n");
}

TEST(ReplyTest, FailureIsOneLineWithAdvice) {
  EXPECT_EQ(ShowError(Status(Code::kNotFound, ""), {}, ReplyForm::kLine),
            "not_found: no such record\n");
  EXPECT_THAT(Complaint(Status(Code::kUnavailable, "a\nb")),
              HasSubstr("a b; check that smiled runs there"));
  const Status failed(Code::kConditionFailed, "");
  EXPECT_EQ(Complaint(failed, {.version = 7}),
            "condition_failed: condition not met (record has version 7); nothing written");
  EXPECT_EQ(Complaint(failed, {.version = 0}),
            "condition_failed: condition not met (record is absent); nothing written");
  EXPECT_EQ(Complaint(failed, {.index = 2, .version = 0, .met_index = 1}),
            "condition_failed: condition not met for item 2 (item 1 of the batch changed the "
            "record); nothing written");
  EXPECT_EQ(ShowError(Status(Code::kConditionFailed, "x"), {.index = 1}, ReplyForm::kJson),
            "{\"error\":\"condition_failed\",\"message\":\"x\",\"index\":1}\n");
  EXPECT_EQ(ShowError(Status(Code::kNotFound, "x"), {}, ReplyForm::kLine, 7),
            "line 7: not_found: x\n");
  EXPECT_EQ(ShowError(Status(Code::kNotFound, "x"), {}, ReplyForm::kJson, 7),
            "{\"line\":7,\"error\":\"not_found\",\"message\":\"x\"}\n");
}

TEST(ReplyTest, AdviceDependsOnWhetherTheServerAnswered) {
  for (const Code code : {Code::kUnavailable, Code::kOverloaded}) {
    EXPECT_THAT(Complaint(Status(code, "busy", 100)), Not(HasSubstr("smiled runs there")));
  }
}

TEST(ExitStatusTest, ExitStatusesDistinguishOutcomes) {
  const std::pair<Code, int> statuses[] = {{Code::kOk, 0},         {Code::kTooLarge, 1},
                                           {Code::kCorrupt, 1},    {Code::kUnavailable, 3},
                                           {Code::kNotFound, 4},   {Code::kConditionFailed, 5},
                                           {Code::kOverloaded, 6}, {Code::kDeadlineExceeded, 6},
                                           {Code::kNoSpace, 6},    {Code::kOutcomeUnknown, 7}};
  for (const auto& [code, status] : statuses) {
    EXPECT_EQ(static_cast<int>(ExitStatusOf(Status(code, ""))), status) << InfoOf(code).name;
  }
  EXPECT_EQ(WorseOf(ExitStatus::kNotFound, ExitStatus::kRefused), ExitStatus::kRefused);
  EXPECT_EQ(WorseOf(ExitStatus::kOutcomeUnknown, ExitStatus::kFile), ExitStatus::kOutcomeUnknown);
}

}  // namespace
}  // namespace smile::cat
