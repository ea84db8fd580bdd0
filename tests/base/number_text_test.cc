#include "base/number_text.h"

#include <cstdint>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smile {
namespace {

using ::testing::HasSubstr;

TEST(NumberText, IntegersAreDecimalDigitsWithinTheRange) {
  EXPECT_EQ(*ReadInteger("0", 0, 9), 0u);
  EXPECT_EQ(*ReadInteger("17", 1, 17), 17u);
  EXPECT_EQ(*ReadInteger("18446744073709551615", 0, UINT64_MAX), UINT64_MAX);
  for (const char* text : {"",
                           " ",
                           "-1",
                           "+1",
                           "1 ",
                           " 1",
                           "0x10",
                           "0b1",
                           "010",
                           "00",
                           "1.0",
                           "1e3",
                           "1'000",
                           "1_000",
                           "1,000",
                           "nan",
                           "inf",
                           "ten",
                           "18446744073709551616",
                           "99999999999999999999999",
                           "18",
                           "١"}) {
    EXPECT_EQ(ReadInteger(text, 1, 17).status().code(), Code::kInvalid) << text;
  }
  EXPECT_FALSE(ReadInteger("0", 1, 17).ok());
}

TEST(NumberText, DecimalsAreFiniteAndMayHaveAFractionAndAnExponent) {
  EXPECT_EQ(*ReadDecimal("12.5", 0.001, 100), 12.5);
  EXPECT_EQ(*ReadDecimal("1e6", 0, 1e9), 1e6);
  EXPECT_EQ(*ReadDecimal("5E-1", 0, 1), 0.5);
  EXPECT_EQ(*ReadDecimal("0", 0, 1), 0);
  EXPECT_EQ(*ReadDecimal("007", 0, 10), 7);
  for (const char* text :
       {"",      "nan",   "NaN",     "-nan", "inf", "Infinity", "-1",     "+1",
        "0x1p3", "0x10",  "1.",      ".5",   "1e",  "1e+",      "1 ",     " 1",
        "1,5",   "1e400", "1e-400x", "101",  "0",   "-0",       "0.0001", "1f"}) {
    EXPECT_EQ(ReadDecimal(text, 0.001, 100).status().code(), Code::kInvalid) << text;
  }
}

TEST(NumberText, AnErrorSaysWhatWasGivenAndWhatIsTaken) {
  EXPECT_EQ(ReadInteger("nan", 1, 17).status().message(), "\"nan\" is not an integer from 1 to 17");
  EXPECT_EQ(ReadDecimal("-1", 0.001, 1e7).status().message(),
            "\"-1\" is not a number from 0.001 to 10000000");
  EXPECT_THAT(ReadInteger("\x1b[2J", 1, 2).status().message(), HasSubstr("\\x1b[2J"));
}

}  // namespace
}  // namespace smile
