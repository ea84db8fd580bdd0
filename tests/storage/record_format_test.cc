#include "storage/record_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/hash.h"
#include "tests/storage/random_bytes.h"

namespace smile::testing {
namespace {

using ::testing::HasSubstr;

Bytes Stored(const RecordView& record) {
  return Bytes(RecordHeader(record).view()) + Bytes(record.value);
}

RecordView RecordOf(ByteView value, uint64_t version, uint64_t expires_ms) {
  return {.version = version, .checksum = Hash64(value), .expires_ms = expires_ms, .value = value};
}

struct Golden {
  std::string file;
  RecordView record;
};

std::vector<Golden> Goldens() {
  return {
      {"record_v1_plain", RecordOf("a profile", 7, 0)},
      {"record_v1_expiring", RecordOf("a story", 0x0102030405060708, 1'700'000'000'000)},
      {"record_v1_empty", RecordOf("", 1, 0)},
      {"record_v1_binary", RecordOf(ByteView("\0\xff\r\n", 4), ~uint64_t{0}, ~uint64_t{0} >> 1)},
  };
}

// What is in these files stands on disks already. If this fails the stored format has changed: give
// the new one a number and keep reading this one; never change the files.
TEST(RecordFormat, BytesMatchTheGoldenFiles) {
  const std::filesystem::path folder = SMILE_GOLDEN_FILES;
  for (const Golden& golden : Goldens()) {
    std::ifstream file(folder / golden.file, std::ios::binary);
    ASSERT_TRUE(file) << golden.file;
    const Bytes bytes(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(Stored(golden.record), bytes) << golden.file;
    const Result<RecordView> read = ParseAndVerifyRecord(bytes);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_EQ(read->version, golden.record.version);
    EXPECT_EQ(read->checksum, golden.record.checksum);
    EXPECT_EQ(read->expires_ms, golden.record.expires_ms);
    EXPECT_EQ(read->value, golden.record.value);
  }
}

TEST(RecordFormat, StoredRecordIsNeverEmpty) {
  EXPECT_EQ(Stored(RecordOf("", 1, 0)).size(), 18u);
  EXPECT_EQ(ParseRecord("").status().code(), Code::kCorrupt);
}

TEST(RecordFormat, NewerFormatIsReported) {
  Bytes stored = Stored(RecordOf("v", 1, 0));
  stored[0] = kRecordFormat + 1;
  const Status status = ParseRecord(stored).status();
  EXPECT_EQ(status.code(), Code::kStorageFailed);
  EXPECT_THAT(status.message(),
              HasSubstr("stored in format 2, but this program reads only formats"));
}

TEST(RecordFormat, TruncatedHeaderOrUnknownFlagIsCorrupt) {
  const Bytes stored = Stored(RecordOf("", 1, 5));
  for (size_t size = 0; size < stored.size(); ++size) {
    EXPECT_EQ(ParseRecord(stored.substr(0, size)).status().code(), Code::kCorrupt) << size;
  }
  Bytes flagged = stored;
  flagged[1] = 2;
  EXPECT_EQ(ParseRecord(flagged).status().code(), Code::kCorrupt);
  Bytes format_zero = stored;
  format_zero[0] = 0;
  EXPECT_EQ(ParseRecord(format_zero).status().code(), Code::kCorrupt);
}

TEST(RecordFormat, FlippedBitInValueOrChecksumIsCorrupt) {
  const Bytes stored = Stored(RecordOf("some value", 1, 0));
  for (size_t i = 10; i < stored.size(); ++i) {
    Bytes flipped = stored;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
    EXPECT_TRUE(ParseRecord(flipped).ok());
    EXPECT_EQ(ParseAndVerifyRecord(flipped).status().code(), Code::kCorrupt) << i;
  }
}

TEST(RecordFormat, AnyBytesAreARecordOrRejected) {
  constexpr uint64_t kSeed = 99;
  Random random(kSeed);
  for (int i = 0; i < 20'000; ++i) {
    const Bytes bytes = AwkwardBytes(&random, Below(&random, 40));
    const Result<RecordView> record = ParseRecord(bytes);
    if (record.ok() && (bytes[1] == 0 || record->expires_ms != 0)) {
      ASSERT_EQ(Stored(*record), bytes) << "seed " << kSeed << ", round " << i;
    }
  }
}

}  // namespace
}  // namespace smile::testing
