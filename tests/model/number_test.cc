#include "model/number.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace smile {
namespace {

TEST(Number, IsAnOptionalMinusAndDigits) {
  EXPECT_EQ(ParseNumber("0"), 0);
  EXPECT_EQ(ParseNumber("-7"), -7);
  EXPECT_EQ(ParseNumber("007"), 7);
  EXPECT_EQ(ParseNumber("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(ParseNumber("-9223372036854775808"), INT64_MIN);
  for (const char* not_one :
       {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "--1", "Ada", "9223372036854775808",
        "-9223372036854775809", "00000000000000000001"}) {
    EXPECT_EQ(ParseNumber(not_one), std::nullopt) << not_one;
  }
  EXPECT_EQ(ParseNumber(ByteView("1\0", 2)), std::nullopt);
}

TEST(Number, ReadsBackWhatItWrites) {
  for (const int64_t number : {int64_t{0}, int64_t{-1}, int64_t{10}, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(ParseNumber(FormatNumber(number)), number);
  }
}

TEST(Number, SumsAreRefusedOrSaturateOutsideOfTheRange) {
  EXPECT_EQ(AddTo(40, {.amount = 2}), 42);
  EXPECT_EQ(AddTo(INT64_MAX, {.amount = 0}), INT64_MAX);
  EXPECT_EQ(AddTo(INT64_MAX, {.amount = 1}), std::nullopt);
  EXPECT_EQ(AddTo(INT64_MIN, {.amount = -1}), std::nullopt);
  EXPECT_EQ(AddTo(INT64_MAX - 1, {.amount = INT64_MAX, .saturate = true}), INT64_MAX);
  EXPECT_EQ(AddTo(-2, {.amount = INT64_MIN, .saturate = true}), INT64_MIN);
  EXPECT_EQ(AddTo(INT64_MIN, {.amount = INT64_MAX, .saturate = true}), -1);
}

}  // namespace
}  // namespace smile
