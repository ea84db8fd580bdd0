// The last level of a table is compressed with zstd only where that saves much of what LZ4 leaves.
#include "storage/rocks/compression_choice.h"

#include <gmock/gmock.h>

#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/storage/damage_fixture.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;

constexpr uint64_t kMiB = 1 << 20;

TEST(CompressionChoiceTest, ZstdIsUsedUntilEnoughIsKnown) {
  CompressionChoice choice;
  EXPECT_FALSE(choice.PrefersLz4(Table::kUsers, false));
  choice.Add(Table::kUsers, 15 * kMiB, 15 * kMiB);
  EXPECT_FALSE(choice.PrefersLz4(Table::kUsers, false));
  choice.Add(Table::kUsers, kMiB, kMiB);
  EXPECT_TRUE(choice.PrefersLz4(Table::kUsers, false));
  EXPECT_FALSE(choice.PrefersLz4(Table::kLinks, false)) << "each table has its own data";
}

TEST(CompressionChoiceTest, ZstdIsWorthItIfItSavesAFifth) {
  CompressionChoice choice;
  choice.Add(Table::kUsers, 100 * kMiB, 79 * kMiB);
  choice.Add(Table::kLinks, 100 * kMiB, 81 * kMiB);
  EXPECT_FALSE(choice.PrefersLz4(Table::kUsers, false));
  EXPECT_TRUE(choice.PrefersLz4(Table::kLinks, false));
}

TEST(CompressionChoiceTest, TableNearTheLimitKeepsWhatItHas) {
  CompressionChoice choice;
  choice.Add(Table::kUsers, 100 * kMiB, 77 * kMiB);
  EXPECT_FALSE(choice.PrefersLz4(Table::kUsers, false));
  EXPECT_TRUE(choice.PrefersLz4(Table::kUsers, true));
  choice.Add(Table::kUsers, 100 * kMiB, 71 * kMiB);
  EXPECT_FALSE(choice.PrefersLz4(Table::kUsers, true));
}

TEST(CompressionChoiceTest, NewDataCountMoreThanOld) {
  CompressionChoice choice;
  for (int i = 0; i < 1'000; ++i) choice.Add(Table::kUsers, 64 * kMiB, 64 * kMiB);
  EXPECT_TRUE(choice.PrefersLz4(Table::kUsers, true));
  for (int i = 0; i < 40; ++i) choice.Add(Table::kUsers, 64 * kMiB, 32 * kMiB);
  EXPECT_FALSE(choice.PrefersLz4(Table::kUsers, true));
}

class ChosenCompressionTest : public DamageTest {
 protected:
  static constexpr uint64_t kValues = 2'600;
  static constexpr size_t kValueBytes = 8'000;  // a block for each

  // Values of random bytes, of which only the bits of the mask may be set.
  void WriteFile(uint64_t first, char mask) {
    std::mt19937_64 random(first);
    for (uint64_t user = first; user < first + kValues; ++user) {
      std::string value(kValueBytes, '\0');
      for (char& byte : value) byte = static_cast<char>(random()) & mask;
      engine_->Write(
          WriteRequest({Table::kUsers, PartitionOf(user)}, {PutOf("profile", value)}, 0),
          [](WriteReply reply) { ASSERT_TRUE(reply.status.ok()) << reply.status.message(); });
      if (user % 100 == 0) {
        ASSERT_TRUE(engine().Put(UserKey(user, "wait"), "v").status.ok());
      }
    }
    ASSERT_TRUE(engine().Put(UserKey(first, "last"), "v").status.ok());
    Flush(Table::kUsers);
  }

  bool Becomes(rocksdb::CompressionType wanted) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (db()->GetOptions(family(Table::kUsers)).bottommost_compression != wanted) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  std::vector<std::string> Compressions() {
    Compact(Table::kUsers);
    std::vector<std::string> names;
    for (const auto& [path, file] : PropertiesOf(Table::kUsers)) {
      if (names.empty() || names.back() != file.compression_name) {
        names.push_back(file.compression_name);
      }
    }
    return names;
  }
};

TEST_F(ChosenCompressionTest, FollowsTheDataWhileItIsServed) {
  Open();
  ASSERT_EQ(db()->GetOptions(family(Table::kUsers)).bottommost_compression, rocksdb::kZSTD);
  WriteFile(0, '\xff');
  ASSERT_TRUE(Becomes(rocksdb::kLZ4Compression));
  EXPECT_THAT(Compressions(), ElementsAre("LZ4"));
  EXPECT_EQ(db()->GetOptions(family(Table::kLinks)).bottommost_compression, rocksdb::kZSTD);
  // Of 16 different bytes: LZ4 finds no repetitions, and zstd halves them.
  for (uint64_t file = 1; file <= 3; ++file) WriteFile(file * kValues, '\x0f');
  ASSERT_TRUE(Becomes(rocksdb::kZSTD));
  EXPECT_THAT(Compressions(), ElementsAre("ZSTD"));
  for (const uint64_t user : {uint64_t{0}, kValues, 4 * kValues - 1}) {
    EXPECT_EQ(engine().Value(UserKey(user, "profile")).size(), kValueBytes);
  }
}

}  // namespace
}  // namespace smile::testing
