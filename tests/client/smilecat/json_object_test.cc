#include "client/smilecat/json_object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"

namespace smile::cat {
namespace {

using ::testing::HasSubstr;

// As it would be loaded: the members put together again.
std::string Again(ByteView text) {
  const Result<JsonObject> object = JsonObject::Parse(text);
  if (!object.ok()) return object.status().message();
  JsonObjectWriter writer;
  for (const JsonMember& member : object->members()) {
    EXPECT_TRUE(writer.Add(member.name, member.json).ok());
  }
  return std::move(writer).Finish();
}

TEST(JsonObjectTest, NumbersKeepEachDigitAtEveryDepth) {
  for (const char* number :
       {"0", "-0", "-0.0", "1", "-1", "18446744073709551615", "18446744073709551616",
        "-9223372036854775808", "-9223372036854775809", "12345678901234567890123", "2.50", "1e3",
        "1E+3", "1e-400", "-1.5e308", "1e309", "0.1000000000000000055511151231257827"}) {
    const std::string text =
        std::string(R"({"a":)") + number + R"(,"b":[)" + number + R"(,{"c":)" + number + "}]}";
    EXPECT_EQ(Again(text), text);
    EXPECT_EQ(JsonObject::Parse(text)->Find("a")->text, number);
  }
}

TEST(JsonObjectTest, NumbersOfAnySizeKeepTheirDigits) {
  const std::string long_integer = "1" + std::string(6'000, '0') + "7";
  const std::string long_fraction = "-0." + std::string(6'000, '3');
  const std::string mixed = R"({"a":1e99999,"b":[-0,0,12,-1E+4932,"1e99999",")"
                            "\\\"-1"
                            R"("],"c":{"d":)" +
                            long_integer + R"(,"e":)" + long_fraction + R"(,"f":1e-99999}})";
  EXPECT_EQ(Again(mixed), mixed);
  EXPECT_EQ(JsonObject::Parse(mixed)->Find("a")->text, "1e99999");
  for (const char* bad : {"1e99999x", "1e99999,01", "1e99999,1.", "1e99999,--1", "1e99999,1e"}) {
    EXPECT_THAT(Again(std::string(R"({"a":[)") + bad + "]}"), HasSubstr("not valid JSON")) << bad;
  }
  EXPECT_THAT(Again(R"({"a":1e99999,"a":2})"), HasSubstr("two members"));
}

TEST(JsonObjectTest, InvalidNumbersAreRejected) {
  for (const char* number : {"01", "+1", "1.", ".5", "0x10", "NaN", "Infinity", "1e", "--1"}) {
    EXPECT_THAT(Again(std::string(R"({"a":)") + number + "}"), HasSubstr("not valid JSON"))
        << number;
  }
}

TEST(JsonObjectTest, TextIsCompactAndStringsKeepTheirMeaning) {
  EXPECT_EQ(Again(" { \"a\" : [ 1 , { } , [ ] ] , \"b\" : { \"x\" : null , \"y\" : true } } "),
            R"({"a":[1,{},[]],"b":{"x":null,"y":true}})");
  EXPECT_EQ(Again("{}"), "{}");
  EXPECT_EQ(Again(R"({"\u0061":"\u00e9\/\u0000\n\ud83d\ude00"})"),
            "{\"a\":\"\xc3\xa9/\\u0000\\n\xf0\x9f\x98\x80\"}");
  EXPECT_EQ(JsonObject::Parse(R"({"a":"\u0000"})")->Find("a")->text, Bytes(1, '\0'));
}

TEST(JsonObjectTest, DuplicateMembersAreRejectedAtEveryDepth) {
  EXPECT_THAT(Again(R"({"id":1,"id":1})"), HasSubstr("two members \"id\""));
  EXPECT_THAT(Again(R"({"a":[{"id":1,"\u0069d":2}]})"), HasSubstr("two members \"id\""));
  EXPECT_EQ(Again(R"({"a":{"id":1},"b":{"id":2},"id":3})"),
            R"({"a":{"id":1},"b":{"id":2},"id":3})");
}

TEST(JsonObjectTest, NestingIsBounded) {
  const auto nested = [](size_t depth) {
    return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_EQ(Again(nested(limits::kMaxInputJsonDepth)), nested(limits::kMaxInputJsonDepth));
  EXPECT_THAT(Again(nested(limits::kMaxInputJsonDepth + 1)), HasSubstr("nested over 512 deep"));
  EXPECT_THAT(Again(nested(1'000'000)), HasSubstr("nested over 512 deep"));
  std::string objects;
  for (int i = 0; i < 60'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(Again(objects), HasSubstr("nested over 512 deep"));
}

TEST(JsonObjectTest, TextThatCannotBeWrittenBackIsRejected) {
  EXPECT_THAT(Again("{\"a\":\"\xff\"}"), HasSubstr("not UTF-8"));
  EXPECT_THAT(Again("{\"a\":\"\xed\xa0\x80\"}"), HasSubstr("not UTF-8")) << "a surrogate in UTF-8";
  for (const char* escape : {R"(\ud800)", R"(\udc00)", R"(\ud800\u0041)", R"(\x41)"}) {
    EXPECT_THAT(Again(std::string(R"({"a":")") + escape + R"("})"), HasSubstr("not valid JSON"))
        << escape;
  }
  EXPECT_THAT(Again(ByteView("{\"a\":1}\0{\"b\":2}", 15)), HasSubstr("NUL"))
      << "the parser would end there, and what follows be lost";
}

TEST(JsonObjectTest, NonObjectsAreRejected) {
  for (const char* text : {"[1]", "1", "null", "\"a\""}) {
    EXPECT_EQ(Again(text), "is not a JSON object") << text;
  }
  for (const char* text : {"{", "{\"a\":1}x", "{\"a\":1,}", "{a:1}", "", "{}{}"}) {
    EXPECT_THAT(Again(text), HasSubstr("not valid JSON")) << text;
  }
}

}  // namespace
}  // namespace smile::cat
