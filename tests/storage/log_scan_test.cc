#include "storage/rocks/log_scan.h"
#include "base/check.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/file_checksum.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "base/coding.h"
#include "tests/storage/random_bytes.h"
#include "tests/storage/temp_directory.h"

namespace smile::testing {
namespace {

using Behind = LogScan::Behind;

constexpr size_t kBlock = size_t{32} << 10;
constexpr size_t kSector = 512;
constexpr size_t kHeader = 7;

// A log that RocksDB itself has written, of records of all sizes up to some blocks.
class LogScanTest : public ::testing::Test {
 protected:
  LogScanTest() {
    const uint64_t seed = std::random_device()();
    std::cout << "seed " << seed << "\n";
    random_.seed(seed);
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* opened = nullptr;
    CHECK(rocksdb::DB::Open(options, directory_ / "db", &opened).ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    for (int i = 0; i < 60; ++i) {
      const size_t size = i % 10 == 9 ? 3 * kBlock : Below(&random_, 2000);
      CHECK(db->Put({}, "key " + std::to_string(i), std::string(size, 'v')).ok());
      log_ = ReadLog();
      ends_.push_back(log_.size());
    }
  }

  std::string ReadLog() const {
    std::ostringstream content;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ / "db")) {
      if (entry.path().extension() != ".log") continue;
      content << ReadAll(entry.path());
    }
    return content.str();
  }

  LogScan Scan(const std::string& log) const {
    const std::string path = directory_ / "scanned";
    std::ofstream(path, std::ios::binary) << log;
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    CHECK(rocksdb::FileSystem::Default()->NewSequentialFile(path, {}, &file, nullptr).ok());
    const Result<LogScan> scan = ScanLog(file.get());
    EXPECT_TRUE(scan.ok());
    return scan.ok() ? *scan : LogScan();
  }

  uint64_t BeginOf(size_t record) const { return record == 0 ? 0 : ends_[record - 1]; }

  // With so much content; RocksDB's own are in log_.
  static std::string WholeRecord(size_t size) { return Fragment('\x01', std::string(size, 'c')); }

  static std::string Fragment(char type, const std::string& content) {
    const std::string type_and_content = type + content;
    const auto generator =
        rocksdb::GetFileChecksumGenCrc32cFactory()->CreateFileChecksumGenerator({});
    generator->Update(type_and_content.data(), type_and_content.size());
    generator->Finalize();
    const auto checksum = LoadBig<uint32_t>(generator->GetChecksum().data());
    std::string record;
    AppendLittle<uint32_t>(&record, ((checksum >> 15) | (checksum << 17)) + 0xa282ead8u);
    AppendLittle<uint16_t>(&record, static_cast<uint16_t>(content.size()));
    return record + type_and_content;
  }

  TempDirectory directory_;
  Random random_;
  std::string log_;
  std::vector<uint64_t> ends_;  // of the log, after each record
};

TEST_F(LogScanTest, CompleteLogEndsAtTheFileEnd) {
  uint64_t writes = 0;
  for (const uint64_t end : ends_) {
    const LogScan scan = Scan(log_.substr(0, end));
    EXPECT_EQ(scan.end, end);
    EXPECT_EQ(scan.writes, ++writes);
    EXPECT_EQ(scan.behind, Behind::kNothing);
  }
}

// At the end of a block, the 12 bytes that contain the number of writes are in two fragments.
TEST_F(LogScanTest, BatchHeaderInTwoFragmentsIsCounted) {
  constexpr size_t kBatchHeader = 12;
  for (size_t first = 0; first <= kBatchHeader; ++first) {
    const std::string fill = Fragment('\x01', std::string(kBlock - 2 * kHeader - first, '\0'));
    std::string batch(kBatchHeader, '\0');
    batch[8] = 3;
    batch += std::string(100, 'c');
    const LogScan scan = Scan(fill + Fragment('\x02', batch.substr(0, first)) +
                              Fragment('\x04', batch.substr(first)));
    EXPECT_EQ(scan.end, kBlock + kHeader + batch.size() - first);
    EXPECT_EQ(scan.writes, 3u) << first << " bytes in the first block";
  }
}

TEST_F(LogScanTest, ZerosContainNoRecords) {
  for (const size_t zeros : {size_t{1}, size_t{6}, size_t{100}, 3 * kBlock}) {
    for (const uint64_t end : {uint64_t{0}, ends_[8], ends_[9], ends_.back()}) {
      const LogScan scan = Scan(log_.substr(0, end) + std::string(zeros, '\0'));
      EXPECT_EQ(scan.end, end);
      EXPECT_EQ(scan.behind, Behind::kNothing);
    }
  }
}

TEST_F(LogScanTest, LastRecordWithMissingSectorsIsTorn) {
  for (size_t record = 0; record < ends_.size(); ++record) {
    const uint64_t begin = BeginOf(record);
    const std::string whole = log_.substr(0, ends_[record]);
    for (int round = 0; round < 5; ++round) {
      std::string torn = whole;
      for (uint64_t at = begin; at < torn.size();) {
        const uint64_t end = std::min<uint64_t>((at / kSector + 1) * kSector, torn.size());
        if (Below(&random_, 2) == 0) std::fill(torn.begin() + at, torn.begin() + end, '\0');
        at = end;
      }
      if (torn == whole) continue;
      const LogScan scan = Scan(torn + std::string(kBlock, '\0'));
      EXPECT_EQ(scan.end, begin) << "record " << record;
      EXPECT_NE(scan.behind, Behind::kRecords) << "record " << record;
    }
  }
}

TEST_F(LogScanTest, PartiallyAppendedLastRecordIsTorn) {
  for (size_t record = 0; record < ends_.size(); ++record) {
    const uint64_t begin = BeginOf(record);
    const uint64_t size = ends_[record] - begin;
    const LogScan scan = Scan(log_.substr(0, begin + kHeader + Below(&random_, size - kHeader)));
    EXPECT_EQ(scan.end, begin) << "record " << record;
    EXPECT_EQ(scan.behind, Behind::kTorn) << "record " << record;
  }
}

TEST_F(LogScanTest, RecordWithOnlyItsFirstBlocksIsTorn) {
  const uint64_t begin = BeginOf(9);
  const LogScan scan = Scan(log_.substr(0, (begin / kBlock + 1) * kBlock));
  EXPECT_EQ(scan.end, begin);
  EXPECT_EQ(scan.behind, Behind::kTorn);
}

TEST_F(LogScanTest, MissingBlockIsDetected) {
  const uint64_t begin = BeginOf(9);  // it has three blocks and a part of one at each end
  const uint64_t inside = (begin / kBlock + 1) * kBlock;
  EXPECT_EQ(Scan(log_.substr(inside)).end, 0u) << "its first block";
  EXPECT_EQ(Scan(log_.substr(inside)).behind, Behind::kRecords);
  const LogScan scan = Scan(log_.substr(0, inside) + log_);
  EXPECT_EQ(scan.end, begin) << "all after its first block";
  EXPECT_EQ(scan.behind, Behind::kRecords);
}

TEST_F(LogScanTest, DamageBeforeARecordOfALaterBlockIsDetected) {
  // The last but one of the large records: others begin in later blocks.
  const size_t large = ends_.size() - 11;
  for (int round = 0; round < 300; ++round) {
    std::string damaged = log_;
    const uint64_t at = Below(&random_, BeginOf(large));
    damaged[at] = static_cast<char>(damaged[at] ^ (1 + Below(&random_, 255)));
    const size_t record = std::upper_bound(ends_.begin(), ends_.end(), at) - ends_.begin();
    const LogScan scan = Scan(damaged);
    if (scan.end == log_.size()) continue;  // it was the rest of a block, where nothing is
    EXPECT_EQ(scan.end, BeginOf(record)) << "byte " << at;
    EXPECT_EQ(scan.behind, Behind::kRecords) << "byte " << at;
  }
}

TEST_F(LogScanTest, DamageBeforeARecordOfTheSameBlockIsDetected) {
  size_t record = ends_.size() - 3;
  while (BeginOf(record) % kSector > kSector - kHeader) --record;  // its header is in two sectors
  std::string damaged = log_;
  damaged[ends_[record] - 1] ^= 1;
  const LogScan scan = Scan(damaged);
  EXPECT_EQ(scan.end, BeginOf(record));
  EXPECT_EQ(scan.behind, Behind::kRecords);
}

TEST_F(LogScanTest, HoleOfZerosIsDetected) {
  std::string damaged = log_;
  std::fill(damaged.begin() + kBlock, damaged.begin() + 2 * kBlock, '\0');
  EXPECT_EQ(Scan(damaged).behind, Behind::kRecords);
}

// If only the second sector of a header in two sectors was written, its length is wrong, and what
// seems to follow may be what a client wrote.
TEST_F(LogScanTest, HalfHeaderIsIgnored) {
  const std::string whole = WholeRecord(kSector - 5 - kHeader);
  const std::string length_and_type("\x01\x01", 2);  // 256 bytes; a whole record
  const std::string torn = whole + std::string(5, '\0') + length_and_type + std::string(256, 'x') +
                           WholeRecord(100) + WholeRecord(100);
  const LogScan scan = Scan(torn);
  EXPECT_EQ(scan.end, whole.size());
  EXPECT_EQ(scan.behind, Behind::kTorn);
}

// What clients write must not make a crash look like damage.
TEST_F(LogScanTest, ValueThatLooksLikeALogIsNotARecord) {
  std::string torn = log_ + std::string(kHeader, '\0');
  for (int i = 0; i < 5; ++i) torn += log_.substr(0, ends_[3]);
  const LogScan scan = Scan(torn);
  EXPECT_EQ(scan.end, log_.size());
  EXPECT_EQ(scan.behind, Behind::kTorn);
}

}  // namespace
}  // namespace smile::testing
