#include "client/page_token.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace smile {
namespace {

TEST(PageToken, DecodesToTheContinuationOfAnyLength) {
  std::mt19937 random(7);
  for (size_t size = 0; size <= 520; ++size) {
    Bytes continuation(size, '\0');
    for (char& byte : continuation) byte = static_cast<char>(random());
    const std::string token = EncodePageToken(continuation);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-_"),
              std::string::npos);
    const Result<Bytes> decoded = DecodePageToken(token);
    ASSERT_TRUE(decoded.ok()) << size;
    EXPECT_EQ(*decoded, continuation);
  }
}

TEST(PageToken, RejectsAnyTokenThatWasChanged) {
  const std::string token = EncodePageToken("\1some sort key");
  for (size_t i = 0; i < token.size(); ++i) {
    EXPECT_EQ(DecodePageToken(token.substr(0, i)).ok(), i == 0) << "cut at " << i;
    for (const char other : {'A', 'z', '9', '_', '=', ' ', '\0', '\xff'}) {
      std::string changed = token;
      changed[i] = other;
      EXPECT_EQ(DecodePageToken(changed).ok(), changed == token) << i << other;
    }
  }
  EXPECT_EQ(DecodePageToken(token + "A").status().code(), Code::kInvalid);
  EXPECT_EQ(DecodePageToken(std::string(1025, 'A')).status().code(), Code::kInvalid);
}

}  // namespace
}  // namespace smile
