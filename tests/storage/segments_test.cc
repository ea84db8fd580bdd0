// Segments on the disk: their files, crashes and damage. What all stores do is in
// content_contract_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "storage/content/content_files.h"
#include "storage/content/segment_format.h"
#include "tests/storage/blocking_content.h"
#include "tests/storage/random_bytes.h"
#include "tests/storage/temp_directory.h"

namespace smile::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kSmallSegment = uint64_t{1} << 20;

class SegmentsTest : public ::testing::Test {
 protected:
  SegmentsTest() { Open(); }

  void Open() {
    store_.reset();
    store_ = std::move(ContentFiles::Open(
                           {.directory = directory_ / "content", .segment_bytes = kSmallSegment},
                           &clock_))
                 .value();
    content_ = std::make_unique<BlockingContent>(store_.get());
  }
  // The next process after this one was killed.
  void OpenAfterCrash() {
    std::filesystem::copy(directory_ / "content", directory_ / "crashed",
                          std::filesystem::copy_options::recursive);
    store_.reset();
    std::filesystem::remove_all(directory_ / "content");
    std::filesystem::rename(directory_ / "crashed", directory_ / "content");
    Open();
  }
  Bytes Random(size_t size) { return RandomBytes(&random_, size); }
  ContentId Keep(const Bytes& bytes) {
    const auto id = content_->Put(bytes);
    EXPECT_TRUE(id.ok()) << id.status().ToString();
    store_->Settle(*id, /*kept=*/true);
    return *id;
  }
  // Fills segments until there are so many.
  std::vector<ContentId> FillSegments(uint64_t count) {
    std::vector<ContentId> ids;
    do {
      ids.push_back(Keep(Random(100'000)));
    } while (AddressOf(ids.back())->segment + 1 < count);
    return ids;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ / "content/segments")) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string PathOf(const ContentId& id) const {
    const std::string path = directory_ / "content/segments/" + SegmentName(AddressOf(id)->segment);
    return std::filesystem::exists(path) ? path : path + ".open";
  }
  static uint64_t AllocatedBytes(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0);
    return static_cast<uint64_t>(info.st_blocks) * 512;
  }
  static void Overwrite(const std::string& path, uint64_t offset, const Bytes& bytes) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(file.good());
  }
  Code ReadCode(const ContentId& id) {
    return content_->Read(id, 0, limits::kMaxContentReadBytes).status().code();
  }

  TempDirectory directory_;
  ManualClock clock_;
  std::mt19937_64 random_{7};
  std::unique_ptr<ContentFiles> store_;
  std::unique_ptr<BlockingContent> content_;
};

TEST(SegmentFormatTest, IdsAndAddressesAreTheSame) {
  const ExtentAddress address{
      .segment = 0x01020304, .block = 0x050607, .size = 0x08090a, .tag = 0x0b0c};
  const ContentId id = IdOf(address);
  EXPECT_EQ(id.ToHex(), "ffffffff0102030405060708090a0b0c");
  EXPECT_EQ(AddressOf(id), address);
  EXPECT_EQ(AddressOf(ContentId{.bytes = {255, 255, 255, 254}}), std::nullopt);
}

TEST(SegmentFormatTest, NamesAreNumbersOfEightDigits) {
  EXPECT_EQ(SegmentName(0xabc), "00000abc");
  EXPECT_EQ(SegmentNumber("00000abc"), 0xabcu);
  for (const std::string name : {"", "abc", "00000ABC", "0000000g", "000000abc", "00000abc.open"}) {
    EXPECT_EQ(SegmentNumber(name), std::nullopt) << name;
  }
}

TEST_F(SegmentsTest, ContentSurvivesAnOrderlyEnd) {
  const Bytes bytes = Random(50'000);
  const ContentId id = Keep(bytes);
  EXPECT_THAT(Names(), ElementsAre("00000000.open"));
  store_->Close();
  EXPECT_THAT(Names(), ElementsAre("00000000"));
  Open();
  EXPECT_TRUE(content_->Read(id, 0, limits::kMaxContentReadBytes)->bytes == bytes);
  EXPECT_FALSE(content_->FindDoubtful()->has_value());
  EXPECT_EQ(AddressOf(Keep("next"))->segment, 1u) << "numbers are not used again";
}

TEST_F(SegmentsTest, AllContentOfAnOpenSegmentIsDoubtfulAfterACrash) {
  const Bytes bytes = Random(50'000);
  const ContentId kept = Keep(bytes);
  const ContentId unsettled = *content_->Put("unsettled");
  OpenAfterCrash();
  EXPECT_TRUE(content_->Read(kept, 0, limits::kMaxContentReadBytes)->bytes == bytes);
  const auto found = content_->FindDoubtful();
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_THAT((*found)->contents, ElementsAre(kept, unsettled));
  ASSERT_TRUE(content_->Delete(unsettled).ok());
  EXPECT_TRUE(content_->FindDoubtful()->has_value()) << "until it is settled";
  ASSERT_TRUE(content_->SettleDoubtful((*found)->group).ok());
  EXPECT_FALSE(content_->FindDoubtful()->has_value());
  store_->Close();
  Open();
  EXPECT_FALSE(content_->FindDoubtful()->has_value());
  EXPECT_THAT(*content_->List({}, 10), ElementsAre(kept));
}

TEST_F(SegmentsTest, RemovedFileDoesNotHideOtherDoubtfulContent) {
  (void)content_->Put(Random(kSmallSegment - 10'000));
  (void)content_->Put(Random(50'000));
  const ContentId second = *content_->Put(Random(50'000));
  ASSERT_EQ(AddressOf(second)->segment, 1u);
  OpenAfterCrash();
  ASSERT_TRUE(std::filesystem::remove(directory_ / "content/segments/00000000.open"));
  size_t groups = 0;
  for (;;) {
    const auto found = content_->FindDoubtful();
    ASSERT_TRUE(found.ok()) << found.status().ToString();
    if (!found->has_value()) break;
    ++groups;
    ASSERT_LE(groups, 2u);
    ASSERT_TRUE(content_->SettleDoubtful((*found)->group).ok());
  }
  EXPECT_EQ(groups, 2u);
  EXPECT_EQ(ReadCode(second), Code::kOk);
}

TEST_F(SegmentsTest, FullSegmentIsClosedWhenItsContentIsSettled) {
  const ContentId late = *content_->Put("late");
  (void)FillSegments(2);
  EXPECT_THAT(Names(), ElementsAre("00000000.open", "00000001.open"));
  store_->Settle(late, /*kept=*/true);
  // Another thread closes it.
  for (int i = 0; i < 100'000 && Names().front() != "00000000"; ++i) {
    ASSERT_TRUE(content_->Stat(late).ok());
  }
  store_->Close();  // ends what waits
  EXPECT_THAT(Names(), ElementsAre("00000000", "00000001"));
}

TEST_F(SegmentsTest, FullSegmentOfSettledContentIsClosedAtOnce) {
  (void)FillSegments(2);
  EXPECT_THAT(Names(), ElementsAre("00000000", "00000001.open"));
}

TEST_F(SegmentsTest, DeleteGivesSpaceBack) {
  const ContentId kept = Keep(Random(100'000));
  const ContentId deleted = Keep(Random(400'000));
  const ContentId after = Keep(Random(100'000));
  const uint64_t before = AllocatedBytes(PathOf(kept));
  ASSERT_TRUE(content_->Delete(deleted).ok());
  // A hole may cost the file system a block.
  EXPECT_LE(AllocatedBytes(PathOf(kept)) + 390'000, before);
  EXPECT_EQ(ReadCode(kept), Code::kOk);
  EXPECT_EQ(ReadCode(after), Code::kOk);
}

TEST_F(SegmentsTest, EmptySegmentIsRemovedUnlessItIsTheLast) {
  const std::vector<ContentId> ids = FillSegments(3);
  for (const ContentId& id : ids) ASSERT_TRUE(content_->Delete(id).ok());
  EXPECT_THAT(Names(), ElementsAre("00000002.open"));
  store_->Close();
  Open();
  EXPECT_EQ(AddressOf(Keep("next"))->segment, 3u) << "numbers are not used again";
}

TEST_F(SegmentsTest, DamagedContentIsCorruptAndItsNeighboursAreNot) {
  const ContentId before = Keep(Random(10'000));
  const ContentId damaged = Keep(Random(10'000));
  const ContentId headless = Keep(Random(10'000));
  const ContentId after = Keep(Random(10'000));
  Overwrite(PathOf(damaged), AddressOf(damaged)->offset_of_bytes() + 9'999, "?");
  Overwrite(PathOf(headless), AddressOf(headless)->offset() + 3, "????");
  EXPECT_EQ(ReadCode(before), Code::kOk);
  EXPECT_EQ(ReadCode(damaged), Code::kCorrupt);
  EXPECT_EQ(ReadCode(headless), Code::kCorrupt);
  EXPECT_EQ(content_->Stat(headless).status().code(), Code::kCorrupt);
  EXPECT_EQ(ReadCode(after), Code::kOk);
  EXPECT_THAT(*content_->List({}, 10), ElementsAre(before, damaged, after));
}

TEST_F(SegmentsTest, ContentOfASegmentWhoseHeaderIsDamagedIsRead) {
  const ContentId id = Keep(Random(10'000));
  store_->Close();
  Overwrite(PathOf(id), 5, "????");
  Open();
  EXPECT_EQ(ReadCode(id), Code::kOk);
  EXPECT_THAT(*content_->List({}, 10), IsEmpty());
}

TEST_F(SegmentsTest, CutSegmentHasWhatIsLeft) {
  const ContentId first = Keep(Random(10'000));
  const ContentId second = Keep(Random(10'000));
  store_->Close();
  std::filesystem::resize_file(PathOf(second), AddressOf(second)->offset_of_bytes() + 100);
  Open();
  EXPECT_EQ(ReadCode(first), Code::kOk);
  EXPECT_EQ(ReadCode(second), Code::kNotFound);
  EXPECT_TRUE(content_->Delete(second).ok());
}

// A photo may contain any bytes, also those of an extent with a checksum.
TEST_F(SegmentsTest, BytesThatLookLikeAnExtentAreNone) {
  const ContentId first = Keep("first");
  const uint32_t block = AddressOf(first)->block + 1;
  Bytes forged(kExtentBlockBytes * 3, '\0');
  const ExtentAddress inside{.segment = 0, .block = block + 1, .size = 100, .tag = 1};
  forged.replace(kExtentBlockBytes - kExtentHeaderBytes, kExtentHeaderBytes,
                 EncodeExtentHeader({.sha256 = {}, .key = {}, .checksum = 0, .address = inside}));
  const ContentId forging = Keep(forged);
  ASSERT_EQ(AddressOf(forging)->block, block);
  // The walk looks inside only if it does not find the real header.
  Overwrite(PathOf(forging), AddressOf(forging)->offset(), Bytes(8, 'x'));
  EXPECT_THAT(*content_->List({}, 10), ElementsAre(first));
}

TEST_F(SegmentsTest, IdOfOtherContentAtTheSamePlaceIsNotFound) {
  ExtentAddress address = *AddressOf(Keep(Random(10'000)));
  ++address.tag;
  EXPECT_EQ(ReadCode(IdOf(address)), Code::kNotFound);
  EXPECT_EQ(content_->Stat(IdOf(address)).status().code(), Code::kNotFound);
  address.segment = 99;
  EXPECT_EQ(ReadCode(IdOf(address)), Code::kNotFound);
  EXPECT_TRUE(content_->Delete(IdOf(address)).ok());
}

TEST_F(SegmentsTest, BytesAreWrittenOnce) {
  const auto before = AllocatedBytes(PathOf(Keep("first")));
  for (int i = 0; i < 5; ++i) (void)Keep(Random(100'000));
  EXPECT_LE(AllocatedBytes(directory_ / "content/segments/00000000.open") - before, 5 * 110'000u);
}

}  // namespace
}  // namespace smile::testing
