#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>

namespace smile {
namespace {

TEST(StreamHash, PiecesHashLikeTheWhole) {
  const Bytes bytes(10'000, 'x');
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{255}, size_t{4'096}}) {
    StreamHash hash;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      EXPECT_EQ(hash.Digest(), Hash64(ByteView(bytes).substr(0, at)));
      hash.Update(ByteView(bytes).substr(at, piece));
    }
    EXPECT_EQ(hash.Digest(), Hash64(bytes));
    hash.Reset();
    EXPECT_EQ(hash.Digest(), Hash64({}));
  }
}

TEST(SecretHash, DependsOnTheSecret) {
  const Bytes bytes[] = {"", "a", "12345678", Bytes(100, 'x'), Bytes(1'000, 'y')};
  for (const Bytes& some : bytes) {
    SCOPED_TRACE(some.size());
    EXPECT_EQ(SecretHash(1)(some), SecretHash(1)(some));
    EXPECT_NE(SecretHash(1)(some), SecretHash(2)(some));
    EXPECT_NE(SecretHash(1)(some), Hash64(some));
  }
}

TEST(SecretHash, SecretsDiffer) {
  EXPECT_NE(SecretHash()("key"), SecretHash()("key"));
  const SecretHash one;
  const SecretHash copy = one;
  EXPECT_EQ(one("key"), copy("key"));
}

}  // namespace
}  // namespace smile
