#include "bench/smilebench/watches.h"

#include <sched.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "client/blocking.h"
#include "client/post_ids.h"

namespace smile::bench {
namespace {

constexpr uint64_t kAuthor = 1;
// Until all watches have begun, or were told of a write.
constexpr std::chrono::seconds kPatience{60};

class WatchesRun {
 public:
  WatchesRun(const WatchesOptions& options, const Clock& clock,
             const std::function<bool()>& interrupted)
      : options_(options), clock_(clock), interrupted_(interrupted) {}

  Result<WatchesResults> Run();

 private:
  struct Written {
    uint64_t version = 0;
    int64_t begun_nanos = 0;
  };

  Result<std::unique_ptr<Client>> Connect(uint32_t connections) const;
  Status BeginWatches();
  void OnMessage(const op::Watch::Response& message);
  bool WaitFor(uint64_t* counter, uint64_t count);
  void WriteUnwatched();
  void WriteWatched();
  std::optional<Written> Write(Histogram* latencies);
  bool IsOver();

  const WatchesOptions& options_;
  const Clock& clock_;
  const std::function<bool()>& interrupted_;
  PostIds ids_{/*node=*/1};
  std::unique_ptr<Client> writer_;
  std::unique_ptr<Client> watcher_;
  std::vector<std::unique_ptr<Watch>> watches_;
  WatchesResults results_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  uint64_t begun_ = 0;                        // watches
  uint64_t told_ = 0;                         // watches that were told of the current write
  int64_t first_nanos_ = 0, last_nanos_ = 0;  // when that was
};

Result<std::unique_ptr<Client>> WatchesRun::Connect(uint32_t connections) const {
  return Client::Create(
      {.servers = {options_.server}, .connections = connections, .name = "smilebench"});
}

bool WatchesRun::IsOver() {
  if (interrupted_()) results_.interrupted = true;
  return results_.interrupted || !results_.failure.ok();
}

// All watches are one process here, with a thread that has ten thousand times as much to do as that
// of the writer, who is to be measured as if they were elsewhere.
void LetOthersFirst() {
  thread_local bool done = false;
  if (std::exchange(done, true)) return;
  const sched_param parameters{};
  sched_setscheduler(0, SCHED_IDLE, &parameters);  // of this thread
}

// On the client's thread.
void WatchesRun::OnMessage(const op::Watch::Response& message) {
  LetOthersFirst();
  const int64_t now = clock_.MonotonicNanos();
  const std::lock_guard lock(mutex_);
  if (message.event == WatchedEvent::kStarted) ++begun_;
  if (message.event == WatchedEvent::kGap) ++results_.gaps;
  if (message.event != WatchedEvent::kPut) {
    if (begun_ == options_.watches) changed_.notify_one();
    return;
  }
  ++results_.events;
  if (told_ == 0) first_nanos_ = now;
  last_nanos_ = now;
  if (++told_ == options_.watches) changed_.notify_one();
}

bool WatchesRun::WaitFor(uint64_t* counter, uint64_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return *counter == count; });
}

Status WatchesRun::BeginWatches() {
  const Bytes author = PartitionOf(kAuthor);
  const op::Watch::Request request{.partitions = {{Table::kPosts, author}}};
  for (uint32_t i = 0; i < options_.watches; ++i) {
    watches_.push_back(watcher_->Watch(
        request, {.event = [this](const Answer<op::Watch>& answer) { OnMessage(*answer); }}));
  }
  if (WaitFor(&begun_, options_.watches)) return {};
  return {Code::kUnavailable, "not all watches have begun within a minute"};
}

std::optional<WatchesRun::Written> WatchesRun::Write(Histogram* latencies) {
  BlockingClient blocking(writer_.get());
  const Bytes value(options_.value_bytes, 'x');
  const Key key = PostKey(kAuthor, ids_.Next());
  const int64_t begun = clock_.MonotonicNanos();
  const auto version = blocking.Put(key, value);
  if (!version.ok()) {
    results_.failure = version.status();
    return {};
  }
  latencies->Add(clock_.MonotonicNanos() - begun);
  return Written{*version, begun};
}

void WatchesRun::WriteUnwatched() {
  for (uint32_t i = 0; i < options_.writes / 2 && !IsOver(); ++i) {
    Write(&results_.unwatched);
    std::this_thread::sleep_for(std::chrono::milliseconds(options_.pause_millis));
  }
}

void WatchesRun::WriteWatched() {
  for (uint32_t i = 0; i < options_.writes && !IsOver(); ++i) {
    {
      const std::lock_guard lock(mutex_);
      told_ = 0;
    }
    const std::optional<Written> written = Write(&results_.watched);
    if (!written.has_value()) return;
    if (!WaitFor(&told_, options_.watches)) {
      results_.failure = {Code::kUnavailable, "not all watches were told within a minute"};
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      results_.first_told.Add(first_nanos_ - written->begun_nanos);
      results_.last_told.Add(last_nanos_ - written->begun_nanos);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(options_.pause_millis));
  }
}

Result<WatchesResults> WatchesRun::Run() {
  SMILE_ASSIGN(writer_, Connect(1));
  SMILE_TRY(BlockingClient(writer_.get()).Ping());
  WriteUnwatched();
  SMILE_ASSIGN(watcher_, Connect(options_.connections));
  SMILE_TRY(BeginWatches());
  const double own_cpu = OwnCpuSeconds();
  const ProcessMeter server(options_.server_pid);
  WriteWatched();
  results_.client_cpu_seconds = OwnCpuSeconds() - own_cpu;
  if (options_.server_pid != 0) results_.server = server.Read();
  watches_.clear();
  watcher_.reset();
  WriteUnwatched();
  return std::move(results_);
}

}  // namespace

Result<WatchesResults> RunWatches(const WatchesOptions& options, const Clock& clock,
                                  const std::function<bool()>& interrupted) {
  if (options.server_pid != 0) SMILE_TRY(RequireProcess(options.server_pid));
  return WatchesRun(options, clock, interrupted).Run();
}

}  // namespace smile::bench
