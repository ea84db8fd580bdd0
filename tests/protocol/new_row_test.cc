// The claim of protocol/operations.h, proved: an operation that exists only here, a single row, is
// encoded, decoded, dispatched, printed, read from text, explained byte by byte and documented with
// no other edit.
#include <string>
#include <type_traits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/describe.h"
#include "protocol/dispatch.h"
#include "protocol/message.h"
#include "protocol/reference.h"
#include "protocol/text_command.h"
#include "protocol/text_reader.h"
#include "protocol/text_writer.h"

namespace smile {

// Has external linkage, as operations have: lists of them are joined by functions that are declared
// only.
struct Greet {
  static constexpr OperationInfo kInfo{200, "greet", "says good day to a friend", Effect::kWrite,
                                       9};

  struct Request {
    KeyView whom;
    uint16_t times = 1;
    bool loudly = false;
    std::vector<ByteView> gifts;
    std::optional<ByteView> salutation;

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::whom>{"whom", "the friend"},
          Field<&Request::times>{"times", "how often", 0, TextForm::kPlain, kHasDefault},
          Field<&Request::loudly>{"loudly", "or not", 0, TextForm::kPlain, kHasDefault},
          Field<&Request::gifts>{"gifts", "what is brought along"},
          Field<&Request::salutation>{"salutation", "another word", 2}};
    }
  };

  struct Response {
    uint64_t smiles = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Response::smiles>{"smiles", "how many came back"}};
    }
  };
};

namespace {

using ::testing::HasSubstr;

using WithGreet = OperationList<op::Ping, Greet>;

// A family of operations joins others with its list.
static_assert(std::is_same_v<Joined<OperationList<op::Ping>, OperationList<Greet>>, WithGreet>);
static_assert(WithGreet::kContains<Greet> && !Operations::kContains<Greet>);

constexpr std::string_view kLine =
    "greet posts/42/7 flowers \"a cake\" --times 3 --loudly --salutation hello";

Result<TextRequest<Greet>> ReadLine() {
  SMILE_ASSIGN(const std::vector<TextToken> tokens, SplitLine(kLine));
  Result<TextRequest<Greet>> read = Status(Code::kInvalid, "not called");
  SMILE_TRY(ReadAnyRequest<WithGreet>(tokens, {}, [&]<class Row>(Row, TextRequest<Row> request) {
    if constexpr (std::is_same_v<Row, Greet>) read = std::move(request);
  }));
  return read;
}

Bytes FrameFrom(const Greet::Request& request) {
  Bytes bytes;
  EncodeRequest<Greet>(1, 0, request, &bytes);
  return bytes;
}

TEST(NewRow, ParsesAndPrintsAsText) {
  Result<TextRequest<Greet>> read = ReadLine();
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->request.times, 3);
  EXPECT_TRUE(read->request.loudly);
  EXPECT_EQ(read->request.gifts, (std::vector<ByteView>{"flowers", "a cake"}));
  EXPECT_EQ(WriteCommand<Greet>(read->request), kLine);
  EXPECT_EQ(UsageOf<Greet>().line,
            "greet WHOM GIFTS... [--times N] [--loudly] [--salutation SALUTATION]");
}

TEST(NewRow, IsEncodedDispatchedAndDecoded) {
  Result<TextRequest<Greet>> read = ReadLine();
  ASSERT_TRUE(read.ok());
  const Bytes bytes = FrameFrom(read->request);
  std::string greeted;
  const Status status =
      Dispatch<WithGreet>(200, ByteView(bytes).substr(kFrameHeaderBytes),
                          [&]<class Row>(Row, const typename Row::Request& request) {
                            if constexpr (std::is_same_v<Row, Greet>)
                              greeted = FormatKey(request.whom);
                          });
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(greeted, "posts/42/7");
}

TEST(NewRow, IsPrinted) {
  Result<TextRequest<Greet>> read = ReadLine();
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(WriteLine(ToTree(read->request)),
            "whom=posts/42/7 times=3 loudly=true gifts=[\"flowers\", \"a cake\"] "
            "salutation=\"hello\"");
  EXPECT_EQ(WriteJson(ToTree(Greet::Response{.smiles = UINT64_MAX})),
            "{\"smiles\":18446744073709551615}");
}

TEST(NewRow, IsDescribedByteByByte) {
  Result<TextRequest<Greet>> read = ReadLine();
  ASSERT_TRUE(read.ok());
  const Bytes request = FrameFrom(read->request);
  const std::string text = FormatParts(DescribeFrame<WithGreet>(request));
  EXPECT_THAT(text, HasSubstr("greet"));
  EXPECT_THAT(text, HasSubstr("gifts[1]"));
  EXPECT_THAT(text, HasSubstr("\"a cake\""));
  Bytes reply;
  EncodeReply<Greet>(1, {.smiles = 12}, &reply);
  EXPECT_THAT(FormatParts(DescribeFrame<WithGreet>(reply, RequestInfo{200, {}})),
              HasSubstr("smiles"));
}

TEST(NewRow, IsDocumented) {
  const std::string text = DocumentOperations<WithGreet>();
  EXPECT_THAT(text, HasSubstr("says good day to a friend"));
  EXPECT_THAT(text, HasSubstr("what is brought along"));
  EXPECT_THAT(text, HasSubstr("how many came back"));
}

}  // namespace
}  // namespace smile
