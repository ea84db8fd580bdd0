#include "bench/smilebench/verifier.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bench/smilebench/workload.h"

namespace smile::bench {
namespace {

constexpr size_t kValueBytes = 40;

std::vector<Bytes> ValuesOf(const std::vector<uint64_t>& numbers) {
  std::vector<Bytes> values(numbers.size());
  for (size_t i = 0; i < numbers.size(); ++i) MakeValue(numbers[i], i, kValueBytes, &values[i]);
  return values;
}

class VerifierTest : public ::testing::Test {
 protected:
  // What comes: values of these records, and these posts.
  bool IsRight(const Operation& operation, const std::vector<uint64_t>& numbers,
               const std::vector<uint64_t>& posts = {}, bool cut_short = false) {
    const std::vector<Bytes> values = ValuesOf(numbers);
    const std::vector<ByteView> views(values.begin(), values.end());
    return Verifier(20, kValueBytes)
        .IsRight(operation, {.values = views, .posts = posts, .cut_short = cut_short});
  }
};

TEST_F(VerifierTest, GetReplyHasOneValue) {
  const Operation get{.kind = OperationKind::kGet, .number = 7};
  EXPECT_TRUE(IsRight(get, {7}));
  EXPECT_FALSE(IsRight(get, {8}));
  EXPECT_FALSE(IsRight(get, {}));
  EXPECT_FALSE(IsRight(get, {7, 7}));
}

TEST_F(VerifierTest, MGetReplyHasAllValuesInOrder) {
  const std::vector<uint64_t> numbers = {3, 9, 3};
  const Operation mget{.kind = OperationKind::kMGet, .numbers = numbers};
  EXPECT_TRUE(IsRight(mget, {3, 9, 3}));
  EXPECT_FALSE(IsRight(mget, {3, 3, 9}));
  EXPECT_FALSE(IsRight(mget, {3, 9}));
  EXPECT_FALSE(IsRight(mget, {3, 9, 3, 3}));
}

TEST_F(VerifierTest, ScanReplyHasNewestPostsFirst) {
  const Operation scan{.kind = OperationKind::kScan, .number = 5, .limit = 3, .newest = 19};
  EXPECT_TRUE(IsRight(scan, {119, 118, 117}, {19, 18, 17}));
  EXPECT_FALSE(IsRight(scan, {117, 118, 119}, {17, 18, 19}));
  EXPECT_FALSE(IsRight(scan, {118, 117, 116}, {18, 17, 16}));
  EXPECT_FALSE(IsRight(scan, {119, 118, 116}, {19, 18, 17}));
  EXPECT_FALSE(IsRight(scan, {119, 118, 117, 116}, {19, 18, 17, 16}));
  EXPECT_FALSE(IsRight(scan, {119, 118, 117}, {19, 18}));
}

TEST_F(VerifierTest, ShortScanReplyMustBeMarked) {
  const Operation scan{.kind = OperationKind::kScan, .number = 5, .limit = 3, .newest = 19};
  EXPECT_FALSE(IsRight(scan, {119, 118}, {19, 18}));
  EXPECT_TRUE(IsRight(scan, {119, 118}, {19, 18}, true));
  EXPECT_FALSE(IsRight(scan, {119, 117}, {19, 17}, true));
}

}  // namespace
}  // namespace smile::bench
