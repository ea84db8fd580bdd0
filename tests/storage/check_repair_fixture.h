// A data directory that is checked and repaired while no engine has it open.
#pragma once

#include <memory>
#include <vector>

#include "base/check.h"
#include "storage/rocks/check.h"
#include "storage/rocks/repair.h"
#include "tests/storage/damage_fixture.h"

namespace smile::testing {

class CheckRepairTest : public DamageTest {
 protected:
  // Of a block cache compared with which the users are large (storage/rocks/index_format.h).
  static constexpr size_t kSmallCacheBytes = 8 << 10;

  static void NoProgress(uint64_t, uint64_t) {}

  // The engine is closed.
  std::unique_ptr<RocksDirectory> Directory() {
    auto directory = RocksDirectory::Open(options_.directory, env_.get());
    CHECK(directory.ok());
    return std::move(directory).value();
  }
  CheckReport Check() {
    return CheckDirectory(*Directory(), &around_.clock, &around_.log, NoProgress);
  }
  Result<RepairReport> TryRepair(OlderRecords older_records) {
    return RepairDirectory(*Directory(), older_records, &around_.clock, &around_.log, NoProgress);
  }
  RepairReport Repair(OlderRecords older_records = OlderRecords::kDeleteInBlocks) {
    Result<RepairReport> report = TryRepair(older_records);
    EXPECT_TRUE(report.ok()) << report.status().message();
    return report.ok() ? std::move(report).value() : RepairReport();
  }

  // One file of the users at the last level; closed.
  void WriteUsers() {
    options_.record_cache_bytes = 0;
    Open();
    PutUsers(0, kUsers);
    Flush(Table::kUsers);
    Compact(Table::kUsers);
  }
  // The same, but its index and filter are partitioned; open.
  void WritePartitionedUsers() {
    options_.block_cache_bytes = kSmallCacheBytes;
    WriteUsers();
    Reopen();
    Compact(Table::kUsers);
    EXPECT_GT(OnlyPropertiesOf(Table::kUsers).index_partitions, 0u);
  }
  // Of its only file.
  rocksdb::TableProperties OnlyPropertiesOf(Table table) {
    const auto files = PropertiesOf(table);
    EXPECT_EQ(files.size(), 1u);
    return files.empty() ? rocksdb::TableProperties() : files.begin()->second;
  }
  void DamageMiddleOfUsers() {
    const auto files = FilesOf(Table::kUsers);
    ASSERT_EQ(files.size(), 1u);
    Close();
    Overwrite(PathOf(files[0]), files[0].size / 2);
  }
  // Whose profiles are not there any more.
  std::vector<uint64_t> Missing() {
    std::vector<uint64_t> missing;
    for (uint64_t user = 0; user < kUsers; ++user) {
      const Result<Record> record = engine().Get(UserKey(user, "profile"));
      if (record.ok()) {
        EXPECT_EQ(record->value, ValueOf(user));
        continue;
      }
      EXPECT_EQ(record.status().code(), Code::kNotFound) << user;
      missing.push_back(user);
    }
    return missing;
  }
};

}  // namespace smile::testing
