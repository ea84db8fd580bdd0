#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>

namespace smile {
namespace {

TEST(SecretHash, IsTheSameForTheSameSecretAndAnotherForAnother) {
  const Bytes bytes[] = {"", "a", "12345678", Bytes(100, 'x'), Bytes(1'000, 'y')};
  for (const Bytes& some : bytes) {
    SCOPED_TRACE(some.size());
    EXPECT_EQ(SecretHash(1)(some), SecretHash(1)(some));
    EXPECT_NE(SecretHash(1)(some), SecretHash(2)(some));
    EXPECT_NE(SecretHash(1)(some), Hash64(some));
  }
}

TEST(SecretHash, HasASecretOfItsOwnEachTime) {
  EXPECT_NE(SecretHash()("key"), SecretHash()("key"));
  const SecretHash one;
  const SecretHash copy = one;
  EXPECT_EQ(one("key"), copy("key"));
}

}  // namespace
}  // namespace smile
