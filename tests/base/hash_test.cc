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

// The function for the processor's vectors has the same results as the one for every processor.
// The values are those of Python's xxhash.
TEST(Hash, IsXxh3ForAllSizes) {
  Bytes bytes;
  for (size_t i = 0; i < 100'000; ++i) bytes.push_back(static_cast<char>(i * 31 + i / 256));
  EXPECT_EQ(Hash64(ByteView(bytes).substr(0, 300)), 0x8f8ffc8a8f4574a8u);
  EXPECT_EQ(Hash64(ByteView(bytes).substr(0, 8'191)), 0xfc418e91f6b7f437u);
  EXPECT_EQ(Hash64(ByteView(bytes).substr(0, 8'192)), 0x0536217f8bb83dffu);
  EXPECT_EQ(Hash64(bytes), 0x99dbd27fc89c5372u);
}

TEST(StreamHash, PiecesOfAllSizesHashLikeTheWhole) {
  Bytes bytes(100'000, 'x');
  for (size_t i = 0; i < bytes.size(); i += 97) bytes[i] = static_cast<char>(i);
  const ByteView view = bytes;
  StreamHash hash;
  size_t at = 0;
  for (const size_t piece : {1, 20'000, 300, 8'191, 8'192, 0, 50'000}) {
    hash.Update(view.substr(at, piece));
    at += piece;
    EXPECT_EQ(hash.Digest(), Hash64(view.substr(0, at)));
    EXPECT_EQ(Hash64(view.substr(0, at), view.substr(at)), Hash64(bytes));
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
