#include "protocol/text_token.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/protocol/sampler.h"

namespace smile {
namespace {

// Tokens as "a|b", literal ones as "'a'".
std::string Shown(const std::vector<TextToken>& tokens) {
  std::string text;
  for (const TextToken& token : tokens) {
    text += (text.empty() ? "" : "|") + (token.literal ? "'" + token.text + "'" : token.text);
  }
  return text;
}

std::string SplitToText(std::string_view line) {
  Result<std::vector<TextToken>> tokens = SplitLine(line);
  return tokens.ok() ? Shown(*tokens) : "refused";
}

TEST(TextToken, LinesSplitAtSpacesAndTabs) {
  EXPECT_EQ(SplitToText(" get\t users/42/profile \r\n"), "get|users/42/profile");
  EXPECT_EQ(SplitToText(""), "");
  EXPECT_EQ(SplitToText("  "), "");
}

TEST(TextToken, QuotesKeepSpacesAndEscapes) {
  EXPECT_EQ(SplitToText(R"(put x "Ada \"Countess\" \x4c\\" z)"), R"(put|x|'Ada "Countess" L\'|z)");
  EXPECT_EQ(SplitToText(R"("a\n\r\t\0b")"), std::string("'a\n\r\t\0b'", 8));
  EXPECT_EQ(SplitToText(R"("")"), "''");
}

TEST(TextToken, QuotesAndBackslashesInsideATokenAreLiteral) {
  EXPECT_EQ(SplitToText(R"(put users/1/5\n {"a":1})"), R"(put|users/1/5\n|{"a":1})");
}

TEST(TextToken, SingleQuotesAreLiteral) {
  EXPECT_EQ(SplitToText(R"(put x 'Ada "Countess" \n' '' '-')"),
            R"(put|x|'Ada "Countess" \n'|''|'-')");
  EXPECT_EQ(SplitToText(R"("it's")"), "'it's'");
}

TEST(TextToken, AmbiguousQuoteInsideATokenIsRejected) {
  for (const std::string_view line :
       {"put users/1/'a b' c", "users/1/\"a b\"", "it's", "a'b'", "'a'b", "'a", "users/1/5\"x"}) {
    EXPECT_EQ(SplitToText(line), "refused") << line;
  }
}

TEST(TextToken, UnclosedQuotesAndUnknownEscapesAreRejected) {
  for (const std::string_view line :
       {R"("a)", R"("a\)", R"("\q")", R"("\x4")", R"("\xzz")", R"("a"b)", R"("\x)"}) {
    EXPECT_EQ(SplitToText(line), "refused") << line;
  }
}

TEST(TextToken, AfterTwoDashesEverythingIsLiteral) {
  EXPECT_EQ(SplitToText("put x -- --if-absent @y -- -"), "put|x|'--if-absent'|'@y'|'--'|'-'");
  EXPECT_EQ(SplitToText(R"(a "--" b)"), "a|'--'|b");
  const std::vector<std::string> arguments = {"put", "a b", "--", "@c"};
  EXPECT_EQ(Shown(TokensOf(arguments)), "put|a b|'@c'");
}

TEST(TextToken, QuotesAreWrittenOnlyWhereNeeded) {
  EXPECT_EQ(QuoteToken("łódź/7"), "łódź/7");
  for (const std::string_view text :
       {"", "a b", "\"a", "it's", "-", "--x", "@f", "a\n", "\xff", "a\\", "\xc2\x9b"}) {
    EXPECT_EQ(QuoteToken(text), Quote(text));
  }
  EXPECT_EQ(Quote("\xc2\x9b"
                  "5n"),
            R"("\xc2\x9b5n")");
  EXPECT_EQ(Quote("a\u202eb"), R"("a\xe2\x80\xaeb")");
}

TEST(TextToken, QuotedTokensRoundTrip) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  Sampler sampler(seed);
  for (int round = 0; round < 2000; ++round) {
    const Bytes one = sampler.AnyBytes(sampler.Below(12));
    const Bytes two = sampler.AnyBytes(sampler.Below(12));
    const std::string line = QuoteToken(one) + " " + Quote(two);
    Result<std::vector<TextToken>> tokens = SplitLine(line);
    ASSERT_TRUE(tokens.ok()) << line;
    ASSERT_EQ(tokens->size(), 2u) << line;
    EXPECT_EQ((*tokens)[0].text, one) << line;
    EXPECT_EQ((*tokens)[1].text, two) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace smile
