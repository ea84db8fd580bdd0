#include "bench/smilebench/photos.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace smile::bench {
namespace {

TEST(Photos, SizesAreLogUniform) {
  size_t least = kMaxPhotoBytes;
  size_t most = 0;
  double total = 0;
  int small = 0;  // below the geometric mean of the bounds, 89.4 KiB
  constexpr int kCount = 20'000;
  for (uint64_t number = 0; number < kCount; ++number) {
    const size_t size = Photos::SizeOf(number);
    least = std::min(least, size);
    most = std::max(most, size);
    total += static_cast<double>(size);
    small += size < 91'590;
  }
  EXPECT_GE(least, kMinPhotoBytes);
  EXPECT_LT(least, kMinPhotoBytes + 100);
  EXPECT_LE(most, kMaxPhotoBytes);
  EXPECT_GT(most, kMaxPhotoBytes - 1'000);
  EXPECT_NEAR(total / kCount / 1024, 126.8, 2);
  EXPECT_NEAR(small, kCount / 2, kCount / 50);
}

TEST(Photos, EveryByteIsVerified) {
  const Photos photos;
  Bytes photo;
  photos.Make(41, &photo);
  EXPECT_EQ(photo.size(), Photos::SizeOf(41));
  EXPECT_TRUE(photos.IsRight(41, photo));
  EXPECT_FALSE(photos.IsRight(42, photo));
  EXPECT_FALSE(photos.IsRight(41, ByteView(photo).substr(1)));
  for (const size_t at : {size_t{0}, size_t{8}, photo.size() / 2, photo.size() - 1}) {
    Bytes damaged = photo;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_FALSE(photos.IsRight(41, damaged)) << at;
  }
}

}  // namespace
}  // namespace smile::bench
