#include "bench/smilebench/feeds.h"

#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "net/event_loop.h"

namespace smile::bench {
namespace {

constexpr int64_t kFeedPollMillis = 100;
constexpr int64_t kFeedPatienceNanos = 60'000'000'000;  // until the next feed has come
constexpr uint64_t kWarmFeeds = 4;                      // of each user

class FeedsRun {
 public:
  FeedsRun(const FeedsOptions& options, const Clock& clock,
           const std::function<bool()>& interrupted)
      : options_(options), clock_(clock), interrupted_(interrupted), graph_(options.graph) {}
  ~FeedsRun();
  FeedsRun(const FeedsRun&) = delete;
  FeedsRun& operator=(const FeedsRun&) = delete;

  Result<FeedsResults> Run();

 private:
  std::unique_ptr<FeedStore> MakeStore() const;
  Status Load();
  void ReadFeeds(uint64_t count);
  void Measure();
  void Ask(uint32_t slot);
  void OnFeed(uint64_t user, const Status& status, std::span<const FeedEntry> entries);
  bool IsExpected(uint64_t user, std::span<const FeedEntry> entries) const;
  void Poll();
  bool IsOver() const { return results_.interrupted || !results_.failure.ok(); }

  const FeedsOptions& options_;
  const Clock& clock_;
  const std::function<bool()>& interrupted_;
  const FeedGraph graph_;
  FeedsResults results_;
  Status load_failure_;
  uint64_t left_ = 0;       // feeds that are to be asked for
  uint32_t busy_ = 0;       // slots
  uint64_t asked_ = 0;      // feeds, ever
  int64_t last_nanos_ = 0;  // when the last feed came; 0: none is awaited
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<FeedStore> store_;
};

FeedsRun::~FeedsRun() {
  if (loop_ != nullptr) loop_->OnTurnEnd(nullptr);
}

std::unique_ptr<FeedStore> FeedsRun::MakeStore() const {
  const StoreParts parts = {.server = options_.target.endpoint,
                            .loop = loop_.get(),
                            .clock = &clock_,
                            .connections = options_.in_flight};
  if (options_.target.driver == DriverKind::kSmile) return MakeSmileFeeds(parts);
  return MakeRedisFeeds(parts, options_.with_scores);
}

Status FeedsRun::Load() {
  store_->Load(graph_, [this](const Status& status) {
    load_failure_ = status;
    loop_->Stop();
  });
  loop_->Run();
  return load_failure_;
}

void FeedsRun::Poll() {
  if (interrupted_()) results_.interrupted = true;
  if (last_nanos_ != 0 && clock_.MonotonicNanos() - last_nanos_ > kFeedPatienceNanos) {
    results_.failure = {Code::kUnavailable, "no feed has come for a minute"};
  }
  if (IsOver()) loop_->Stop();
}

void FeedsRun::ReadFeeds(uint64_t count) {
  left_ = count;
  busy_ = options_.in_flight;
  last_nanos_ = clock_.MonotonicNanos();
  for (uint32_t slot = 0; slot < options_.in_flight; ++slot) Ask(slot);
  loop_->Run();
  last_nanos_ = 0;
  left_ = 0;  // what is in flight when a run is cut short ends with the store
}

void FeedsRun::Ask(uint32_t slot) {
  if (left_ == 0 || IsOver()) {
    if (--busy_ == 0) loop_->Stop();
    return;
  }
  --left_;
  const uint64_t user = 1 + asked_++ % graph_.users();
  const int64_t begun = clock_.MonotonicNanos();
  store_->Read(slot, user, [=, this](const Status& status, std::span<const FeedEntry> entries) {
    last_nanos_ = clock_.MonotonicNanos();
    results_.times.Add(last_nanos_ - begun);
    OnFeed(user, status, entries);
    Ask(slot);
  });
}

void FeedsRun::OnFeed(uint64_t user, const Status& status, std::span<const FeedEntry> entries) {
  if (!results_.failure.ok()) return;
  results_.failure = status;
  if (status.ok() && !IsExpected(user, entries)) {
    results_.failure = {Code::kCorrupt,
                        fmt::format("the feed of user {} has other posts than expected", user)};
  }
}

bool FeedsRun::IsExpected(uint64_t user, std::span<const FeedEntry> entries) const {
  const auto expected = graph_.FeedOf(user);
  if (entries.size() != expected.size()) return false;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].post != expected[i].post || entries[i].value != expected[i].value) return false;
  }
  return true;
}

void FeedsRun::Measure() {
  const FeedTraffic before = store_->traffic();
  const double own_cpu = OwnCpuSeconds();
  const ProcessMeter server(options_.server_pid);
  const int64_t begun = clock_.MonotonicNanos();
  ReadFeeds(options_.feeds);
  results_.seconds = static_cast<double>(clock_.MonotonicNanos() - begun) / 1e9;
  results_.client_cpu_seconds = OwnCpuSeconds() - own_cpu;
  if (options_.server_pid != 0) results_.server = server.Read();
  const FeedTraffic after = store_->traffic();
  results_.traffic = {.round_trips = after.round_trips - before.round_trips,
                      .sent_bytes = after.sent_bytes - before.sent_bytes,
                      .received_bytes = after.received_bytes - before.received_bytes};
}

Result<FeedsResults> FeedsRun::Run() {
  SMILE_ASSIGN(loop_, EventLoop::Create());
  store_ = MakeStore();
  loop_->OnTurnEnd([this] { store_->Flush(); });
  const auto poll = loop_->StartTimer(kFeedPollMillis, kFeedPollMillis, [this] { Poll(); });
  if (!options_.preloaded) SMILE_TRY(Load());
  if (!IsOver() && !options_.cold) ReadFeeds(kWarmFeeds * graph_.users());
  results_.times = {};
  if (!IsOver()) Measure();
  return std::move(results_);
}

}  // namespace

Result<FeedsResults> RunFeeds(const FeedsOptions& options, const Clock& clock,
                              const std::function<bool()>& interrupted) {
  if (options.server_pid != 0) SMILE_TRY(RequireProcess(options.server_pid));
  return FeedsRun(options, clock, interrupted).Run();
}

}  // namespace smile::bench
