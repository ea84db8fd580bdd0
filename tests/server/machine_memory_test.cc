#include "server/machine_memory.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "server/options.h"
#include "tests/storage/temp_directory.h"

namespace smile {
namespace {

class MachineMemoryTest : public ::testing::Test {
 protected:
  MachineMemoryTest() { Write("proc/meminfo", "MemTotal:        8388608 kB\nMemFree: 1 kB\n"); }

  void Write(const std::string& file, const std::string& text) {
    const std::filesystem::path path = root() / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::filesystem::path root() const { return directory_.path(); }
  uint64_t Mib() const { return MemoryOfMachine(root()) >> 20; }

  const testing::TempDirectory directory_;
};

TEST_F(MachineMemoryTest, IsTheMachinesMemoryWithoutALimit) {
  EXPECT_EQ(Mib(), 8192u);
  Write("proc/self/cgroup", "0::/system.slice/smiled.service\n");
  Write("sys/fs/cgroup/system.slice/smiled.service/memory.max", "max\n");
  EXPECT_EQ(Mib(), 8192u);
}

TEST_F(MachineMemoryTest, IsTheSmallestLimitOfTheControlGroups) {
  Write("proc/self/cgroup", "0::/a/b\n");
  Write("sys/fs/cgroup/a/b/memory.max", "4294967296\n");
  EXPECT_EQ(Mib(), 4096u);
  Write("sys/fs/cgroup/a/memory.max", "2147483648\n");
  EXPECT_EQ(Mib(), 2048u);
  Write("sys/fs/cgroup/memory.max", "1073741824\n");  // as a container sees its own
  EXPECT_EQ(Mib(), 1024u);
}

TEST_F(MachineMemoryTest, SupportsCgroupVersion1) {
  Write("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/x/y\n");
  Write("sys/fs/cgroup/memory/x/y/memory.limit_in_bytes", "536870912\n");
  EXPECT_EQ(Mib(), 512u);
}

TEST(ConnectionMemory, IsTheOptionOrAFractionOfTheMachine) {
  EXPECT_EQ(*ConnectionMemoryBytes(100, 0), uint64_t{100} << 20);
  EXPECT_EQ(*ConnectionMemoryBytes(0, uint64_t{24} << 30), uint64_t{3} << 30);
  EXPECT_EQ(*ConnectionMemoryBytes(0, 0), limits::kLeastDefaultConnectionMemoryBytes);
  EXPECT_EQ(*ConnectionMemoryBytes(0, uint64_t{1} << 50),
            limits::kMostDefaultConnectionMemoryBytes);
  EXPECT_EQ(ConnectionMemoryBytes(31, 0).status().code(), Code::kInvalid);
}

TEST(ConnectionMemory, IsEnoughForWhatEachConnectionMayHold) {
  EXPECT_TRUE(CheckConnectionMemory(limits::kDefaultMaxConnections,
                                    limits::kLeastDefaultConnectionMemoryBytes)
                  .ok());
  EXPECT_TRUE(CheckConnectionMemory(1024, uint64_t{2} << 20).ok());
  const Status status = CheckConnectionMemory(1'000'000, uint64_t{64} << 20);
  EXPECT_EQ(status.code(), Code::kInvalid);
  EXPECT_EQ(status.message(),
            "--max-connections: 1000000 connections may hold 2 KiB each, which is more than the "
            "64 MiB of memory for all; give --connection-memory-mib 1954 or more, or at most "
            "32768 connections");
}

}  // namespace
}  // namespace smile
