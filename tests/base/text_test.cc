#include "base/text.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace smile {
namespace {

TEST(Hex, HexIsTwoDigitsPerByte) {
  EXPECT_EQ(ToHex(ByteView("\x00\x7f\xff", 3)), "007fff");
  EXPECT_EQ(FromHex("007FfF"), Bytes("\x00\x7f\xff", 3));
  EXPECT_EQ(FromHex(""), Bytes());
  for (const std::string_view bad : {"0", "0g", "00 ", "x0", "0x00"}) {
    EXPECT_FALSE(FromHex(bad).has_value()) << bad;
  }
}

TEST(Base64, MatchesTheStandard) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"},
                                                                 {"\xff\xfe", "//4="}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(ToBase64(bytes), text);
    EXPECT_EQ(FromBase64(text), Bytes(bytes));
  }
}

TEST(Base64, RejectsNonCanonicalInput) {
  for (const std::string_view bad :
       {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "====", "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm-_", "=Zg="}) {
    EXPECT_FALSE(FromBase64(bad).has_value()) << bad;
  }
}

TEST(Base64, AnyBytesRoundTrip) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 500; ++round) {
    Bytes bytes;
    for (uint64_t size = random() % 50; bytes.size() < size;) {
      bytes.push_back(static_cast<char>(random()));
    }
    EXPECT_EQ(FromBase64(ToBase64(bytes)), bytes);
    EXPECT_EQ(FromHex(ToHex(bytes)), bytes);
  }
}

TEST(Utf8, AcceptsExactlyWellFormedSequences) {
  const std::pair<std::string_view, size_t> cases[] = {
      {"a", 1},
      {"\x7f", 1},
      {"ł", 2},
      {"漢", 3},
      {"😀", 4},
      {"\xc2\x80", 2},
      {"\xed\x9f\xbf", 3},
      {"\xf4\x8f\xbf\xbf", 4},
      {"\x80", 0},              // begins in the middle
      {"\xc0\x80", 0},          // longer than needed
      {"\xc1\xbf", 0},          //
      {"\xe0\x9f\xbf", 0},      //
      {"\xf0\x8f\xbf\xbf", 0},  //
      {"\xed\xa0\x80", 0},      // half of a pair of UTF-16
      {"\xf4\x90\x80\x80", 0},  // above U+10FFFF
      {"\xf5\x80\x80\x80", 0},  //
      {"\xc2", 0},              // cut short
      {"\xe6\xbc", 0},          //
      {"\xf0\x9f\x98", 0},      //
      {"\xc2\x41", 0}};
  for (const auto& [text, size] : cases) {
    EXPECT_EQ(Utf8SequenceSize(text), size) << ToHex(text);
    EXPECT_EQ(IsUtf8(text), size > 0);
  }
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("Łódź 漢字 😀"));
  EXPECT_FALSE(IsUtf8("ab\xff"));
}

TEST(Utf8, RecognisesC0AndC1Controls) {
  for (const std::string_view control :
       {"\n", "\x1b", "\x7f", "\xc2\x80", "\xc2\x9b", "\xc2\x9f"}) {
    EXPECT_TRUE(IsControl(control, control.size())) << ToHex(control);
  }
  EXPECT_TRUE(IsControl(std::string_view("\0", 1), 1));
  for (const std::string_view other : {" ", "~", "\xc2\xa0", "ł", "漢"}) {
    EXPECT_FALSE(IsControl(other, other.size())) << ToHex(other);
  }
}

TEST(Utf8, RecognisesCharactersThatReorderText) {
  for (const std::string_view unsafe :
       {"\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069", "\x1b", "\xc2\x9b"}) {
    EXPECT_TRUE(IsUnsafe(unsafe, unsafe.size())) << ToHex(unsafe);
  }
  for (const std::string_view other :
       {"a", "\xc2\xa0", "\u2027", "\u202f", "\u2065", "\u206a", "\u200f", "\u22ae", "\u60ae"}) {
    EXPECT_FALSE(IsUnsafe(other, other.size())) << ToHex(other);
  }
  EXPECT_EQ(Printable("a\u202eb\u200f"), "a\\xe2\\x80\\xaeb\u200f");
}

TEST(TextTest, UnsafeCharactersThatJsonMayHoldAreEscaped) {
  EXPECT_EQ(EscapeUnsafeJson("\"\u2028\u202a\u202e\u2066\u2069\u202f\""),
            "\"\\u2028\\u202a\\u202e\\u2066\\u2069\u202f\"");
  EXPECT_EQ(EscapeUnsafeJson("{\"a\":\"\x7f\xc2\x80\xc2\x9b\xc2\x9f\"}"),
            R"({"a":"\u007f\u0080\u009b\u009f"})");
  const std::string others = "{\"a\":\"\xc2\xa0\xc3\xa9 \\u001b\xe2\x82\xac\"}\n";
  EXPECT_EQ(EscapeUnsafeJson(others), others);
}

}  // namespace
}  // namespace smile
