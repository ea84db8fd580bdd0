#include "protocol/codec.h"

#include <limits>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/operations.h"
#include "tests/protocol/sampler.h"

namespace smile {
namespace {

using ::testing::HasSubstr;

template <Message M>
Bytes Encoded(const M& message) {
  Bytes out;
  Encode(message, &out);
  return out;
}

struct Element {
  uint16_t number = 0;
  ByteView name;

  static constexpr auto Fields() {
    return FieldList{Field<&Element::number>{"number", ""}, Field<&Element::name>{"name", ""}};
  }
};

struct Everything {
  uint8_t tiny = 0;
  uint16_t small = 0;
  uint32_t middle = 0;
  uint64_t large = 0;
  bool yes = false;
  Table table = Table::kUsers;
  ByteView bytes;
  std::vector<Element> elements;
  std::optional<uint32_t> critical;
  std::optional<ByteView> skippable;

  static constexpr auto Fields() {
    return FieldList{Field<&Everything::tiny>{"tiny", ""},
                     Field<&Everything::small>{"small", ""},
                     Field<&Everything::middle>{"middle", ""},
                     Field<&Everything::large>{"large", ""},
                     Field<&Everything::yes>{"yes", ""},
                     Field<&Everything::table>{"table", ""},
                     Field<&Everything::bytes>{"bytes", ""},
                     Field<&Everything::elements>{"elements", ""},
                     Field<&Everything::critical>{"critical", "", 1},
                     Field<&Everything::skippable>{"skippable", "", 4}};
  }
};

Everything AllFields() {
  return {.tiny = 1,
          .small = 0x0302,
          .middle = 0x07060504,
          .large = 0x0f0e0d0c0b0a0908,
          .yes = true,
          .table = Table::kLinks,
          .bytes = "abc",
          .elements = {{0x0201, "x"}, {0x0403, ""}},
          .critical = 5,
          .skippable = "hi"};
}

TEST(Codec, EncodesFieldsAsDocumented) {
  const Bytes expected(
      "\x01"
      "\x02\x03"
      "\x04\x05\x06\x07"
      "\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
      "\x01"
      "\x04"
      "\x03"
      "abc"
      "\x02"
      "\x01\x02\x01x"
      "\x03\x04\x00"
      "\x01\x04\x05\x00\x00\x00"
      "\x04\x03\x02hi",
      40);
  EXPECT_EQ(Encoded(AllFields()), expected);
}

TEST(Codec, DecodedViewsPointIntoTheBody) {
  const Bytes body = Encoded(AllFields());
  Everything message;
  ASSERT_TRUE(Decode(body, &message).ok());
  EXPECT_EQ(message.large, 0x0f0e0d0c0b0a0908u);
  EXPECT_EQ(message.elements.at(0).name, "x");
  EXPECT_EQ(message.critical, 5u);
  EXPECT_EQ(message.bytes, "abc");
  EXPECT_GE(message.bytes.data(), body.data());
  EXPECT_LT(message.bytes.data(), body.data() + body.size());
}

TEST(Codec, RejectsEveryTruncatedBody) {
  const Bytes body = Encoded(AllFields());
  const size_t required = body.size() - 11;
  for (size_t size = 0; size < body.size(); ++size) {
    Everything message;
    const Status status = Decode(ByteView(body).substr(0, size), &message);
    // Without its optional fields it is whole.
    const bool whole = size == required || size == required + 6;
    EXPECT_EQ(status.ok(), whole) << size;
    if (!whole) {
      EXPECT_EQ(status.code(), Code::kInvalid) << size;
    }
  }
}

TEST(Codec, SkipsAnUnknownFieldUnlessItIsCritical) {
  Bytes body = Encoded(AllFields());
  body.append("\x06\x01z");
  Everything message;
  EXPECT_TRUE(Decode(body, &message).ok());
  body.append("\x07\x01z");
  const Status status = Decode(body, &message);
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("tag 7"));
}

TEST(Codec, RejectsTagsOutOfOrder) {
  for (const ByteView tail : {"\x04\x01\x00\x04\x01\x00", "\x06\x01z\x04\x01\x00"}) {
    Everything fresh;
    fresh.bytes = {};
    Bytes body = Encoded(fresh);
    body.append(ByteView(tail.data(), 6));
    EXPECT_EQ(Decode(body, &fresh).code(), Code::kInvalid);
  }
}

TEST(Codec, RejectsAnOptionalFieldWithTheWrongSize) {
  Bytes body = Encoded(Everything());
  body.append("\x01\x05\x01\x00\x00\x00\x00", 7);
  Everything message;
  const Status status = Decode(body, &message);
  EXPECT_EQ(status.code(), Code::kInvalid);
  EXPECT_THAT(status.message(), HasSubstr("critical"));
}

TEST(Codec, RejectsUndefinedBoolsAndEnums) {
  Bytes body = Encoded(AllFields());
  body[15] = 2;
  Everything message;
  EXPECT_THAT(Decode(body, &message).message(), HasSubstr("\"yes\""));
  body[15] = 0;
  body[16] = 0;
  EXPECT_THAT(Decode(body, &message).message(), HasSubstr("\"table\""));
}

TEST(Codec, RejectsACountThatTheBytesCannotHold) {
  struct Lists {
    std::vector<Element> elements;
    static constexpr auto Fields() { return FieldList{Field<&Lists::elements>{"elements", ""}}; }
  };
  Lists lists;
  Bytes body;
  AppendVarint(&body, 1000);
  body.append(2999, '\0');
  EXPECT_EQ(Decode(body, &lists).code(), Code::kInvalid);
  EXPECT_EQ(lists.elements.capacity(), 0u);
  body.push_back('\0');
  EXPECT_TRUE(Decode(body, &lists).ok());

  Bytes over;
  AppendVarint(&over, limits::kMaxListItems + 1);
  over.append(3 * (limits::kMaxListItems + 1), '\0');
  EXPECT_EQ(Decode(over, &lists).code(), Code::kInvalid);
}

TEST(Codec, RejectsALengthThatTheBytesDoNotHave) {
  op::Ping::Request ping;
  for (const uint64_t size : {uint64_t{4}, uint64_t{UINT32_MAX}, UINT64_MAX}) {
    Bytes body;
    AppendVarint(&body, size);
    body.append("abc");
    EXPECT_EQ(Decode(body, &ping).code(), Code::kInvalid);
  }
}

TEST(Codec, ReusedMessageForgetsItsOptionalFields) {
  Everything message = AllFields();
  ASSERT_TRUE(Decode(Encoded(Everything()), &message).ok());
  EXPECT_FALSE(message.critical.has_value());
  EXPECT_FALSE(message.skippable.has_value());
}

TEST(Codec, RejectsBytesAfterTheLastField) {
  op::Stats::Request none;
  EXPECT_TRUE(Decode("", &none).ok());
  EXPECT_FALSE(Decode(ByteView("\0", 1), &none).ok());
}

template <Message M>
void ComesBack(Sampler* sampler) {
  const M message = sampler->Sample<M>();
  const Bytes body = Encoded(message);
  M decoded;
  const Status status = Decode(body, &decoded);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Encoded(decoded), body);
}

TEST(Codec, EveryMessageRoundTrips) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  Sampler sampler(seed);
  for (int round = 0; round < 200; ++round) {
    Operations::ForEach([&]<class Row>() {
      ComesBack<typename Row::Request>(&sampler);
      ComesBack<typename Row::Response>(&sampler);
    });
    ComesBack<ErrorBody>(&sampler);
  }
}

}  // namespace
}  // namespace smile
