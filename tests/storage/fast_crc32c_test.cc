// See storage/rocks/fast_crc32c.cc.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <rocksdb/file_checksum.h>

#include <cstdint>
#include <string>

#include "base/coding.h"
#include "base/crc32c.h"

namespace smile {
namespace {

constexpr const char* kExtend = "_ZN7rocksdb6crc32c6ExtendEjPKcm";
using Extend = uint32_t(uint32_t, const char*, size_t);

TEST(FastCrc32c, TakesThePlaceOfTheLibrarysAndAgreesWithIt) {
  auto* const used = reinterpret_cast<Extend*>(dlsym(RTLD_DEFAULT, kExtend));
  // Null if RocksDB is linked from source.
  auto* const theirs = reinterpret_cast<Extend*>(dlsym(RTLD_NEXT, kExtend));
  if (theirs != nullptr) {
    EXPECT_NE(used, theirs) << "librocksdb calls its own";
  }
  Bytes bytes(20'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * i / 7);
  for (size_t size = 0; size < bytes.size(); size += 1 + size / 3) {
    const auto sums = rocksdb::GetFileChecksumGenCrc32cFactory();
    const auto sum = sums->CreateFileChecksumGenerator({});
    sum->Update(bytes.data(), size);
    sum->Finalize();
    const uint32_t crc = Crc32c(ByteView(bytes).substr(0, size));
    EXPECT_EQ(LoadBig<uint32_t>(sum->GetChecksum().data()), crc) << size;
    if (theirs != nullptr) {
      ASSERT_EQ(theirs(0, bytes.data(), size), crc) << size;
    }
  }
}

}  // namespace
}  // namespace smile
