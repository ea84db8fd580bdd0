// The most frequent requests allocate nothing.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "protocol/message.h"
#include "server/session.h"
#include "storage/rocks/rocks_engine.h"
#include "tests/allocation/allocations.h"
#include "tests/storage/blocking_engine.h"
#include "tests/storage/temp_directory.h"
#include "tests/support/memory_services.h"

namespace smile::testing {
namespace {

constexpr uint64_t kUsers = 50;
constexpr uint32_t kRequests = 1'000;

// A session on a RocksEngine whose record cache has room for all users.
class CachedGetTest : public ::testing::Test {
 protected:
  CachedGetTest() {
    BlockingEngine blocking(engine_.get());
    for (uint64_t user = 0; user < kUsers; ++user) {
      const Bytes value(100, static_cast<char>('a' + user % 26));
      blocking.Put(UserKey(user, "profile"), value);
    }
    session_->Receive(FrameOf<op::Hello>(1, {}));
    session_->TakeOutput();
    for (int i = 0; i < 8; ++i) {  // until the reply window is the whole one
      session_->Receive(FrameOf<op::Ping>(1, {}));
      session_->TakeOutput();
      session_->set_unsent(0, 0);
    }
  }
  ~CachedGetTest() override { engine_->Close(); }

  std::unique_ptr<RocksEngine> Open() {
    RocksOptions options;
    options.directory = directory_ / "data";
    auto engine = RocksEngine::Open(options, &clock_, &log_);
    CHECK(engine.ok(), engine.status().message());
    return std::move(engine).value();
  }

  template <class Row>
  static Bytes FrameOf(uint32_t id, const typename Row::Request& request) {
    Bytes bytes;
    EncodeRequest<Row>(id, /*deadline_ms=*/0, request, &bytes);
    return bytes;
  }

  // Allocations of the session while it answers these bytes; the size of the replies.
  uint64_t AllocationsOf(const Bytes& requests, size_t* answer_bytes) {
    const uint64_t before = OfThisThread().count;
    session_->Receive(requests);
    const uint64_t made = OfThisThread().count - before;
    EXPECT_EQ(session_->requests_in_flight(), 0u) << "not all was answered at once";
    *answer_bytes = session_->TakeOutput().size();
    return made;
  }

  MemoryBudget budget_{size_t{1} << 30};
  MemoryPool pool_{&budget_};
  TempDirectory directory_;
  SystemClock clock_;
  Logger log_{LogLevel::kError};
  std::unique_ptr<RocksEngine> engine_ = Open();
  MemoryServices services_{*engine_, clock_};
  Handlers handlers_{*engine_, services_.services(), clock_, [] { return EngineStats{}; }};
  WorkerMetrics metrics_;
  DiscardedInput discarded_{&pool_, &metrics_.memory_input};
  WatchGroup watches_{handlers_.watches(), [] {}};
  Session::Shared shared_{.handlers = handlers_,
                          .clock = clock_,
                          .metrics = metrics_,
                          .memory = pool_,
                          .discarded = discarded_,
                          .watches = watches_,
                          .post = [](auto) {}};
  std::shared_ptr<Session> session_ = std::make_shared<Session>(shared_, [] {});
};

// Only the output buffer may allocate, as it grows by doubling.
constexpr uint64_t kGrowth = 20;

TEST_F(CachedGetTest, CachedGetAllocatesNothing) {
  Bytes requests;
  for (uint32_t i = 0; i < kRequests; ++i) {
    const Key key = UserKey(i % kUsers, "profile");
    requests += FrameOf<op::Get>(i, {.key = key.view()});
  }
  size_t answer_bytes = 0;
  AllocationsOf(requests, &answer_bytes);  // now they are cached
  EXPECT_LE(AllocationsOf(requests, &answer_bytes), kGrowth);
  EXPECT_GT(answer_bytes, kRequests * 100);
}

TEST_F(CachedGetTest, CachedAbsenceAllocatesNothing) {
  Bytes requests;
  for (uint32_t i = 0; i < kRequests; ++i) {
    const Key key = UserKey(kUsers, "profile");
    requests += FrameOf<op::Get>(i, {.key = key.view()});
  }
  size_t answer_bytes = 0;
  AllocationsOf(requests.substr(0, requests.size() / kRequests), &answer_bytes);  // now it is known
  EXPECT_LE(AllocationsOf(requests, &answer_bytes), kGrowth);
}

}  // namespace
}  // namespace smile::testing
