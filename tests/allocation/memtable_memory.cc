// The memory of memtables is used again: a write does not take new pages from the kernel.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <vector>

#include "base/coding.h"
#include "storage/rocks/rocks_engine.h"
#include "tests/storage/blocking_engine.h"
#include "tests/storage/temp_directory.h"

namespace smile::testing {
namespace {

constexpr size_t kValueBytes = 4 << 10;
constexpr size_t kMutations = 64;
constexpr size_t kPageBytes = 4 << 10;

int64_t PageFaults() {
  rusage usage{};
  EXPECT_EQ(getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_minflt;
}

void WriteMebibytes(BlockingEngine* engine, size_t mebibytes) {
  const std::string value(kValueBytes, 'v');
  for (uint64_t user = 0; user < mebibytes * ((1 << 20) / (kMutations * kValueBytes)); ++user) {
    std::vector<std::string> sorts;
    for (size_t i = 0; i < kMutations; ++i) sorts.push_back("field" + std::to_string(i));
    std::vector<MutationView> mutations;
    for (const std::string& sort : sorts) mutations.push_back(PutOf(sort, value));
    Bytes id;
    AppendBig(&id, user + 1);
    ASSERT_TRUE(engine->Write({Table::kUsers, id}, mutations).status.ok());
  }
}

TEST(MemtableMemory, IsUsedAgain) {
  const TempDirectory directory;
  RocksOptions options;
  options.directory = directory / "data";
  SystemClock clock;
  Logger log(LogLevel::kError);
  auto engine = RocksEngine::Open(options, &clock, &log);
  ASSERT_TRUE(engine.ok()) << engine.status().message();
  BlockingEngine blocking(engine->get());
  constexpr size_t kMebibytes = 160;
  WriteMebibytes(&blocking, kMebibytes);
  const int64_t before = PageFaults();
  WriteMebibytes(&blocking, kMebibytes);
  EXPECT_LT(PageFaults() - before, int64_t{kMebibytes} * (1 << 20) / kPageBytes / 2);
  (*engine)->Close();
}

}  // namespace
}  // namespace smile::testing
