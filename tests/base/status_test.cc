#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/function_ref.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/status.h"

namespace smile {
namespace {

TEST(Status, ToStringHasCodeMessageAndRetryTime) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status().ToString(), "ok");
  EXPECT_EQ(Status(Code::kNotFound, "no users/1/x").ToString(), "not_found: no users/1/x");
  EXPECT_EQ(Status(Code::kOverloaded, "", 50).ToString(), "overloaded (retry after 50 ms)");
}

TEST(Status, EveryCodeHasAClass) {
  for (const CodeInfo& info : kCodes) {
    EXPECT_EQ(FindCode(static_cast<uint8_t>(info.code)), &info);
    EXPECT_EQ(info.error_class == ErrorClass::kNone, info.code == Code::kOk) << info.name;
  }
  EXPECT_EQ(FindCode(kCodes.size()), nullptr);
  EXPECT_EQ(FindCode(255), nullptr);
  EXPECT_EQ(Status(Code::kOutcomeUnknown, "").error_class(), ErrorClass::kOutcomeUnknown);
}

Result<int> Half(int number) {
  if (number % 2 == 0) return number / 2;
  return Status(Code::kInvalid, "odd");
}

Result<int> Quarter(int number) {
  SMILE_ASSIGN(const int half, Half(number));
  return Half(half);
}

Status IsEven(int number) {
  SMILE_TRY(Half(number).status());
  return {};
}

TEST(Result, HoldsAValueOrAStatus) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status().message(), "odd");
  EXPECT_EQ(Quarter(7).status().code(), Code::kInvalid);
  EXPECT_TRUE(IsEven(2).ok());
  EXPECT_FALSE(IsEven(3).ok());
}

TEST(Result, HoldsMoveOnlyValues) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 7);
}

TEST(CheckDeathTest, FailureAbortsWithPlaceAndMessage) {
  EXPECT_DEATH(CHECK(1 > 2, "numbers are broken"), "status_test.cc:.*1 > 2: numbers are broken");
  EXPECT_DEATH((void)Result<int>(Status(Code::kInvalid, "")).value(),
               "CHECK failed.*value of a failure was taken.*invalid");
  EXPECT_DEATH((void)Result<int>(Status()), "needs a status that is not ok");
}

TEST(Hash, IsXxh3WithSeed0) {
  EXPECT_EQ(Hash64(""), 0x2d06800538d394c2u);
  EXPECT_EQ(Hash64("Ada Lovelace"), 0x2b6890f671fe7703u);
}

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock(1'000);
  const int64_t start = clock.MonotonicNanos();
  EXPECT_EQ(clock.WallMillis(), 1'000);
  clock.AdvanceMillis(25);
  EXPECT_EQ(clock.MonotonicNanos(), start + 25 * kNanosPerMilli);
  EXPECT_EQ(clock.WallMillis(), 1'025);
}

TEST(SystemClock, NeverGoesBack) {
  const SystemClock clock;
  const int64_t before = clock.MonotonicNanos();
  EXPECT_LE(before, clock.MonotonicNanos());
  EXPECT_GT(clock.WallMillis(), 1'600'000'000'000);
}

TEST(FunctionRef, CallsTheBorrowedFunction) {
  int sum = 0;
  const auto call = [](FunctionRef<int(int)> function) { return function(1) + function(2); };
  EXPECT_EQ(call([&](int number) { return sum += number; }), 4);
  EXPECT_EQ(sum, 3);
}

}  // namespace
}  // namespace smile
