#include "bench/smilebench/streams.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "bench/smilebench/probes.h"
#include "bench/smilebench/stream_transfer.h"

namespace smile::bench {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(1);

// What is in flight at most, with room for what small requests need.
constexpr size_t kMaxQueuedBytes = size_t{1} << 30;

class StreamsRun {
 public:
  StreamsRun(const StreamsOptions& options, const Clock& clock,
             const std::function<bool()>& interrupted)
      : options_(options),
        clock_(clock),
        interrupted_(interrupted),
        shared_{&options_, &content_, &bytes_, &stopping_} {}

  Result<StreamsResults> Run();

 private:
  Status Prepare();
  Result<Client*> AddClient();
  std::unique_ptr<StreamTransfer> Make(uint32_t index);
  void Next(uint32_t index);
  void OnDone(uint32_t index, const Status& status);
  void Wait(int64_t end_nanos);

  const StreamsOptions& options_;
  const Clock& clock_;
  const std::function<bool()>& interrupted_;
  const StreamContent content_;
  std::atomic<uint64_t> bytes_{0};
  std::atomic<bool> stopping_{false};
  const StreamShared shared_;
  std::vector<std::unique_ptr<StreamTransfer>> transfers_;
  std::unique_ptr<Probes> probes_;

  std::mutex mutex_;
  uint32_t running_ = 0;
  std::vector<uint64_t> begun_;  // by each transfer
  StreamsResults results_;

  // Destroyed first: their threads use all of the above.
  std::vector<std::unique_ptr<Client>> clients_;
};

Result<Client*> StreamsRun::AddClient() {
  ClientOptions client = {.servers = {options_.target.endpoint}, .name = "smilebench"};
  client.max_queued_bytes = kMaxQueuedBytes;
  SMILE_ASSIGN(std::unique_ptr<Client> made, Client::Create(std::move(client)));
  clients_.push_back(std::move(made));
  return clients_.back().get();
}

std::unique_ptr<StreamTransfer> StreamsRun::Make(uint32_t index) {
  const bool up = options_.direction == StreamDirection::kUp;
  if (options_.target.driver != DriverKind::kSmile) {
    return up ? MakeFileUpload(shared_) : MakePlainDownload(shared_);
  }
  Client* const client = clients_[index % options_.connections].get();
  return up ? MakeSmileUpload(shared_, client) : MakeSmileDownload(shared_, client);
}

Status StreamsRun::Prepare() {
  if (options_.target.driver == DriverKind::kSmile) {
    for (uint32_t i = 0; i < options_.connections; ++i) SMILE_TRY(AddClient().status());
  }
  if (options_.target.driver == DriverKind::kFiles) {
    for (uint64_t i = 0; i < options_.streams; ++i) {
      const uint64_t name = options_.first + i;
      SMILE_TRY(PrepareFileUpload(shared_, name, options_.content.value_or(name)));
    }
  }
  if (options_.probe) {
    SMILE_ASSIGN(Client * other, AddClient());
    SMILE_ASSIGN(Client * third, AddClient());
    probes_ = std::make_unique<Probes>(clients_.front().get(), other, third, &clock_);
    SMILE_TRY(probes_->Prepare());
  }
  for (uint32_t i = 0; i < options_.streams; ++i) transfers_.push_back(Make(i));
  begun_.resize(options_.streams);
  return {};
}

// Uploads never use a name twice: the next one of a stream is that many names later. Downloads
// repeat their content.
void StreamsRun::Next(uint32_t index) {
  uint64_t name = options_.first + index;
  if (options_.direction == StreamDirection::kUp) name += begun_[index] * options_.streams;
  ++begun_[index];
  transfers_[index]->Start(name, options_.content.value_or(name),
                           [this, index](const Status& status) { OnDone(index, status); });
}

void StreamsRun::OnDone(uint32_t index, const Status& status) {
  {
    const std::lock_guard lock(mutex_);
    if (status.ok() && !stopping_) ++results_.streams;
    if (!status.ok() && results_.failure.ok()) results_.failure = status;
    const bool more = options_.seconds > 0 || begun_[index] < options_.copies;
    if (!status.ok() || stopping_ || !more) {
      --running_;
      return;
    }
  }
  Next(index);
}

// Sends the probes meanwhile.
void StreamsRun::Wait(int64_t end_nanos) {
  auto next = std::chrono::steady_clock::now();
  for (;;) {
    const int64_t now = clock_.MonotonicNanos();
    {
      const std::lock_guard lock(mutex_);
      if (running_ == 0 && (!probes_ || now >= end_nanos || options_.streams > 0)) return;
      if (interrupted_()) results_.interrupted = true;
      if (results_.interrupted || now >= end_nanos || !results_.failure.ok()) stopping_ = true;
      if (stopping_ && running_ == 0) return;
    }
    if (probes_ && !stopping_) probes_->Send();
    next = std::max(next + kInterval, std::chrono::steady_clock::now());
    std::this_thread::sleep_until(next);
  }
}

Result<StreamsResults> StreamsRun::Run() {
  SMILE_TRY(Prepare());
  const double own_cpu = OwnCpuSeconds();
  const ProcessMeter server(options_.server_pid);
  const int64_t start = clock_.MonotonicNanos();
  const int64_t end =
      options_.seconds > 0 ? start + static_cast<int64_t>(options_.seconds * 1e9) : INT64_MAX;
  running_ = options_.streams;
  for (uint32_t i = 0; i < options_.streams; ++i) Next(i);
  Wait(end);
  results_.seconds = static_cast<double>(clock_.MonotonicNanos() - start) / 1e9;
  results_.bytes = bytes_;
  results_.client_cpu_seconds = OwnCpuSeconds() - own_cpu;
  if (options_.server_pid != 0) results_.server = server.Read();
  if (probes_) {
    const Result<ProbeResults> probed = probes_->Finish();
    if (probed.ok()) results_.probes = *probed;
    if (!probed.ok() && results_.failure.ok()) results_.failure = probed.status();
  }
  return std::move(results_);
}

}  // namespace

Result<StreamsResults> RunStreams(const StreamsOptions& options, const Clock& clock,
                                  const std::function<bool()>& interrupted) {
  if (options.server_pid != 0) SMILE_TRY(RequireProcess(options.server_pid));
  return StreamsRun(options, clock, interrupted).Run();
}

}  // namespace smile::bench
