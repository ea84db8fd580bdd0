#include "bench/smilebench/load.h"

#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/smilebench/loader.h"
#include "bench/smilebench/process.h"
#include "bench/smilebench/workload.h"

namespace smile::bench {
namespace {

constexpr auto kProgressInterval = std::chrono::seconds(1);
// How often an interruption and the end of the drain are looked for.
constexpr auto kPollInterval = std::chrono::milliseconds(20);
// Bounds of the interval at which an open loop sends what is due.
constexpr std::chrono::nanoseconds kShortestPace(50'000);
constexpr std::chrono::nanoseconds kLongestPace(100'000'000);

using Loaders = std::vector<std::unique_ptr<Loader>>;

// While it exists, the loaders send what is due, every `pace`.
class Pacer {
 public:
  Pacer(const Loaders& loaders, std::chrono::nanoseconds pace)
      : thread_([this, &loaders, pace] {
          prctl(PR_SET_TIMERSLACK, 1);  // of this thread; the kernel's default is 50 us
          auto next = std::chrono::steady_clock::now();
          while (!stop_.load(std::memory_order_relaxed)) {
            for (const auto& loader : loaders) loader->SendDue();
            next = std::max(next + pace, std::chrono::steady_clock::now());
            std::this_thread::sleep_until(next);
          }
        }) {}
  ~Pacer() {
    stop_ = true;
    thread_.join();
  }
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

uint64_t AnsweredBy(const Loaders& loaders) {
  uint64_t total = 0;
  for (const auto& loader : loaders) total += loader->answered();
  return total;
}

// What a phase is waited for with.
struct Waiting {
  const Loaders& loaders;
  const Clock& clock;
  const LoadHooks& hooks;
};

// Until all loaders have ended their phase. They are made to when the load is interrupted, and at
// `cut_nanos`.
Results Wait(const Waiting& waiting, std::vector<std::future<Results>> futures,
             std::string_view what, int64_t cut_nanos = INT64_MAX) {
  Results results;
  uint64_t before = 0;
  bool cut = false;
  auto next_progress = std::chrono::steady_clock::now() + kProgressInterval;
  for (auto& future : futures) {
    while (future.wait_for(kPollInterval) == std::future_status::timeout) {
      const bool interrupted = waiting.hooks.interrupted();
      if (!cut && (interrupted || waiting.clock.MonotonicNanos() >= cut_nanos)) {
        cut = true;
        results.interrupted = interrupted;
        for (const auto& loader : waiting.loaders) loader->Cut();
      }
      if (std::chrono::steady_clock::now() < next_progress) continue;
      next_progress += kProgressInterval;
      const uint64_t answered = AnsweredBy(waiting.loaders);
      waiting.hooks.show_progress(
          fmt::format("{}: {} done, {} op/s", what, answered, answered - before));
      before = answered;
    }
    results.Add(future.get());
  }
  waiting.hooks.show_progress("");
  return results;
}

template <class PhaseFor>
std::vector<std::future<Results>> BeginAll(const Loaders& loaders, PhaseFor phase_for) {
  std::vector<std::future<Results>> futures;
  for (const auto& loader : loaders) futures.push_back(loader->Begin(phase_for(*loader)));
  return futures;
}

// Connects and writes the records. Results of a phase that failed or was interrupted, or of the
// last one.
Results Prepare(const Waiting& waiting) {
  Phase phase;
  phase.start_nanos = waiting.clock.MonotonicNanos();
  Results connected = Wait(waiting,
                           BeginAll(waiting.loaders,
                                    [&](const Loader& loader) {
                                      phase.kind = Phase::Kind::kConnect;
                                      phase.operations = loader.connections();
                                      return phase;
                                    }),
                           "connecting", phase.start_nanos + kMaxConnectNanos);
  if (!connected.first_error.ok() || connected.interrupted) return connected;
  if (connected.unanswered.in_flight > 0) {
    connected.first_error = {
        Code::kUnavailable,
        fmt::format("the server did not answer {} of the connections within {} s; is it of the "
                    "--target's protocol?",
                    connected.unanswered.in_flight, kMaxConnectNanos / (1000 * kNanosPerMilli))};
    return connected;
  }
  return Wait(waiting,
              BeginAll(waiting.loaders,
                       [&](const Loader& loader) {
                         phase.kind = Phase::Kind::kPreload;
                         phase.operations = loader.preload_operations();
                         return phase;
                       }),
              "writing records");
}

Results Measure(const Waiting& waiting, const BenchOptions& options) {
  const Loaders& loaders = waiting.loaders;
  const double own_cpu = OwnCpuSeconds();
  const std::optional<double> server_cpu = CpuSecondsOf(options.server_pid);
  Phase phase;
  phase.kind = Phase::Kind::kRun;
  phase.start_nanos = waiting.clock.MonotonicNanos();
  if (options.seconds > 0) {
    phase.end_nanos = phase.start_nanos + static_cast<int64_t>(options.seconds * 1e9);
  }
  if (options.rate > 0) phase.interval_nanos = 1e9 * options.threads / options.rate;
  uint64_t left = options.operations;
  uint64_t loaders_left = loaders.size();
  auto futures = BeginAll(loaders, [&](const Loader&) {
    if (options.operations > 0) phase.operations = left / loaders_left--;
    left -= std::min(left, phase.operations);
    return phase;
  });
  std::optional<Pacer> pacer;
  if (options.rate > 0) {
    const auto interval = static_cast<int64_t>(phase.interval_nanos);
    pacer.emplace(loaders,
                  std::clamp(std::chrono::nanoseconds(interval), kShortestPace, kLongestPace));
  }
  const bool endless = phase.end_nanos == INT64_MAX;
  Results results = Wait(waiting, std::move(futures), NameOf(options.workload),
                         endless ? INT64_MAX : phase.end_nanos + kMaxDrainNanos);
  results.client_cpu_seconds = OwnCpuSeconds() - own_cpu;
  if (server_cpu.has_value()) {
    const std::optional<double> server_cpu_after = CpuSecondsOf(options.server_pid);
    if (server_cpu_after) results.server_cpu_seconds = *server_cpu_after - *server_cpu;
    results.server_rss_bytes = ResidentBytesOf(options.server_pid).value_or(0);
  }
  return results;
}

}  // namespace

Result<Results> RunLoad(const BenchOptions& options, const Clock& clock, const LoadHooks& hooks) {
  if (options.server_pid != 0) SMILE_TRY(RequireProcess(options.server_pid));
  Loaders loaders;
  for (uint32_t i = 0; i < options.threads; ++i) {
    SMILE_ASSIGN(std::unique_ptr<Loader> loader, Loader::Create(options, i, &clock));
    loaders.push_back(std::move(loader));
  }
  const Waiting waiting = {loaders, clock, hooks};
  Results prepared = Prepare(waiting);
  SMILE_TRY(prepared.first_error);
  if (prepared.interrupted || hooks.interrupted()) {
    Results nothing;
    nothing.interrupted = true;
    return nothing;
  }
  return Measure(waiting, options);
}

}  // namespace smile::bench
