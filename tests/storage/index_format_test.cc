// New table files have partitioned indexes and filters once the data is large compared with the
// block cache; files of both kinds serve together.
#include "storage/rocks/index_format.h"

#include <gmock/gmock.h>
#include <rocksdb/sst_file_reader.h>

#include <chrono>
#include <memory>
#include <vector>

#include "tests/storage/counting_file_system.h"
#include "tests/storage/damage_fixture.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Gt;

class IndexFormatTest : public DamageTest {
 protected:
  IndexFormatTest() {
    options_.record_cache_bytes = 0;
    options_.block_cache_bytes = 32 << 10;
  }

  // Of each file of the users, the oldest first.
  std::vector<uint64_t> Partitions() {
    std::vector<uint64_t> partitions;
    for (const auto& [path, file] : PropertiesOf(Table::kUsers)) {
      partitions.push_back(file.index_partitions);
    }
    return partitions;
  }
  void WriteFile(uint64_t first, uint64_t last) {
    PutUsers(first, last);
    Flush(Table::kUsers);
  }
  void ExpectAllUsers(uint64_t users) {
    for (uint64_t user = 0; user < users; ++user) {
      ASSERT_EQ(engine().Value(UserKey(user, "profile")), ValueOf(user));
      const auto page = engine().Scan(ScanRequest{.table = Table::kUsers,
                                                  .partition = PartitionOf(user),
                                                  .limit = 10,
                                                  .max_value_bytes = 1000});
      ASSERT_TRUE(page.ok()) << page.status().message();
      ASSERT_GE(page->size(), 1u) << user;
    }
    EXPECT_EQ(engine().Get(UserKey(users + 1, "profile")).status().code(), Code::kNotFound);
  }
};

TEST_F(IndexFormatTest, NewFilesArePartitionedOnceTheDataIsLarge) {
  Open();
  WriteFile(0, 500);
  Reopen();
  WriteFile(500, 3'000);
  EXPECT_THAT(Partitions(), ElementsAre(0u, 0u)) << "the first file was small";
  Reopen();
  WriteFile(3'000, 5'000);
  EXPECT_THAT(Partitions(), ElementsAre(0u, 0u, Gt(0u)));
  ExpectAllUsers(5'000);
  Compact(Table::kUsers);
  EXPECT_THAT(Partitions(), ElementsAre(Gt(0u)));
  ExpectAllUsers(5'000);
}

TEST_F(IndexFormatTest, FilesAreWholeAgainInALargerCache) {
  Open();
  WriteFile(0, 3'000);
  Reopen();
  Compact(Table::kUsers);
  EXPECT_THAT(Partitions(), ElementsAre(Gt(0u)));
  options_.block_cache_bytes = 8 << 20;
  Reopen();
  ExpectAllUsers(3'000);
  Compact(Table::kUsers);
  EXPECT_THAT(Partitions(), ElementsAre(0u));
  ExpectAllUsers(3'000);
}

TEST_F(IndexFormatTest, FollowsTheDataWhileItIsServed) {
  Open();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (uint64_t users = 0; Partitions().empty() || Partitions().back() == 0; users += 3'000) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    WriteFile(users, users + 3'000);
  }
}

// RocksDB would read all partitions.
TEST_F(IndexFormatTest, LargeDataIsOpenedWithoutReadingPartitions) {
  Open();
  WriteFile(0, 5'000);
  Reopen();
  Compact(Table::kUsers);
  EXPECT_THAT(Partitions(), ElementsAre(Gt(1u)));
  IndexFormat small(options_.block_cache_bytes);
  IndexFormat large(options_.block_cache_bytes);
  large.Update(db());
  const auto counting = std::make_shared<CountingFileSystem>(".sst");
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(counting);
  const auto bytes_to_open = [&](const IndexFormat& format) {
    rocksdb::Options options = db()->GetOptions(family(Table::kUsers));
    options.env = env.get();
    options.table_factory = MakeTableFactory(
        *options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>(), &format);
    counting->bytes = 0;
    rocksdb::SstFileReader reader(options);
    EXPECT_TRUE(reader.Open(PathOf(FilesOf(Table::kUsers)[0])).ok());
    return counting->bytes.load();
  };
  EXPECT_LT(bytes_to_open(large), bytes_to_open(small) / 2);
}

}  // namespace
}  // namespace smile::testing
