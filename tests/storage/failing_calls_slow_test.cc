// Every call to the file system fails, one after the other, once or from then on, with a full disk
// or an error of the disk, while tables are written, flushed, compacted, closed and opened: nothing
// aborts, nothing acknowledged is lost, no batch is torn, versions grow, and the directory opens
// when the disk is well again.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <random>
#include <thread>

#include "tests/storage/rocks_fixture.h"

namespace smile::testing {
namespace {

constexpr uint64_t kKeys = 4;
constexpr int kWritesOfARun = 30;

struct Fault {
  bool full;
  bool lasting;
};

class FailingCallsTest : public RocksTest, public ::testing::WithParamInterface<Fault> {
 protected:
  // A key and its twin, which are written by one batch.
  struct Known {
    uint64_t acknowledged = 0;
    uint64_t attempted = 0;
    uint64_t version = 0;
  };

  FailingCallsTest() {
    options_.write_buffer_bytes = size_t{128} << 10;  // so that there are flushes and compactions
    options_.record_cache_bytes = size_t{1} << 20;
    options_.block_cache_bytes = size_t{1} << 20;
  }

  static Key KeyOf(uint64_t i) { return UserKey(i, "a"); }
  static Key TwinOf(uint64_t i) { return UserKey(i, "b"); }

  Code WriteNext(uint64_t i) {
    Known& known = known_[i];
    const uint64_t next = known.attempted + 1;
    const std::string value = std::to_string(next) + " " + std::string(8000, 'f');
    const WriteReply reply =
        engine().Write(KeyOf(i).view().partition_view(), {PutOf("a", value), PutOf("b", value)});
    const Code code = reply.status.code();
    if (code == Code::kOk || code == Code::kOutcomeUnknown) known.attempted = next;
    if (code == Code::kOk) {
      ++acknowledged_;
      known.acknowledged = next;
      EXPECT_GT(reply.versions.front(), known.version);
      known.version = reply.versions.back();
    }
    return code;
  }

  // Until the disk has failed for good. When it is full it is given room after a while.
  void WriteSome() {
    int refusals = 0;
    for (int write = 0; write < kWritesOfARun;) {
      const Code code = WriteNext(static_cast<uint64_t>(write) % kKeys);
      if (code == Code::kStorageFailed) return;
      if (code == Code::kNoSpace || code == Code::kOverloaded) {
        if (++refusals == 3) faults_->EndFaults();
        std::this_thread::yield();
        continue;
      }
      ++write;
    }
  }

  uint64_t StepOf(const Key& key) {
    const Result<Record> record = engine().Get(key);
    EXPECT_TRUE(record.ok() || record.status().code() == Code::kNotFound);
    return record.ok() ? std::strtoull(record->value.c_str(), nullptr, 10) : 0;
  }

  void ExpectAllIsThere() {
    for (uint64_t i = 0; i < kKeys; ++i) {
      const uint64_t there = StepOf(KeyOf(i));
      EXPECT_EQ(there, StepOf(TwinOf(i))) << "half a batch";
      EXPECT_GE(there, known_[i].acknowledged);
      EXPECT_LE(there, known_[i].attempted);
      known_[i].acknowledged = known_[i].attempted = there;
    }
  }

  // How many calls there were.
  uint64_t Run(uint64_t failing_call) {
    Open();
    const rocksdb::IOStatus fault =
        GetParam().full ? FullDisk("") : rocksdb::IOStatus::IOError("the disk failed");
    faults_->FailCall(failing_call, fault, GetParam().lasting);
    WriteSome();
    Close();
    if (OpenWords().empty()) WriteSome();
    const uint64_t calls = faults_->calls();
    Close();
    faults_->EndFaults();
    Open();
    ExpectAllIsThere();
    for (uint64_t i = 0; i < kKeys; ++i) {
      Code code = Code::kOverloaded;
      while (code == Code::kOverloaded) code = WriteNext(i);
      EXPECT_EQ(code, Code::kOk);
    }
    Reopen();
    ExpectAllIsThere();
    Close();
    return calls;
  }

  std::array<Known, kKeys> known_{};
  uint64_t acknowledged_ = 0;
};

// All calls with SMILE_ALL_CALLS set; else some of them, beginning anywhere.
TEST_P(FailingCallsTest, FailingCallsLoseNothing) {
  const uint64_t calls = Run(/*failing_call=*/0);
  ASSERT_GT(calls, 100u);
  const bool all = std::getenv("SMILE_ALL_CALLS") != nullptr;
  const uint64_t step = all ? 1 : calls / 20;
  const uint64_t first = all ? 1 : 1 + std::random_device()() % step;
  for (uint64_t n = first; n <= calls; n += step) {
    SCOPED_TRACE("call " + std::to_string(n) + " of " + std::to_string(calls));
    Run(n);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(acknowledged_, 0u);
}

INSTANTIATE_TEST_SUITE_P(Faults, FailingCallsTest,
                         ::testing::Values(Fault{true, false}, Fault{true, true},
                                           Fault{false, false}, Fault{false, true}),
                         [](const ::testing::TestParamInfo<Fault>& info) {
                           return std::string(info.param.full ? "FullDisk" : "FailedDisk") +
                                  (info.param.lasting ? "FromThenOn" : "Once");
                         });

}  // namespace
}  // namespace smile::testing
