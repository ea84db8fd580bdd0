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
// An open loop looks for what is due at most this often.
constexpr std::chrono::nanoseconds kShortestPace(50'000);
constexpr std::chrono::nanoseconds kLongestPace(100'000'000);

using Loaders = std::vector<std::unique_ptr<Loader>>;

// While it lives, the loaders send what is due, each `pace` from now on.
class Pacer {
 public:
  Pacer(const Loaders& loaders, std::chrono::nanoseconds pace)
      : thread_([this, &loaders, pace] {
          prctl(PR_SET_TIMERSLACK, 1);  // this thread's; the kernel's default is 50 us late
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

Results Wait(const Loaders& loaders, std::vector<std::future<Results>> futures,
             std::string_view what, const ShowProgress& show_progress) {
  Results results;
  uint64_t before = 0;
  for (auto& future : futures) {
    while (future.wait_for(kProgressInterval) == std::future_status::timeout) {
      const uint64_t answered = AnsweredBy(loaders);
      show_progress(fmt::format("{}: {} done, {} op/s", what, answered, answered - before));
      before = answered;
    }
    results.Add(future.get());
  }
  show_progress("");
  return results;
}

template <class PhaseFor>
std::vector<std::future<Results>> BeginAll(const Loaders& loaders, PhaseFor phase_for) {
  std::vector<std::future<Results>> futures;
  for (const auto& loader : loaders) futures.push_back(loader->Begin(phase_for(*loader)));
  return futures;
}

// The failure that keeps a phase of preparation from having worked, if any.
Status FailureOf(const Results& results) {
  return results.first_error;
}

Status Prepare(const Loaders& loaders, const Clock& clock, const ShowProgress& show_progress) {
  Phase phase;
  phase.start_nanos = clock.MonotonicNanos();
  SMILE_TRY(FailureOf(Wait(loaders,
                           BeginAll(loaders,
                                    [&](const Loader& loader) {
                                      phase.kind = Phase::Kind::kConnect;
                                      phase.operations = loader.connections();
                                      return phase;
                                    }),
                           "connecting", show_progress)));
  return FailureOf(Wait(loaders,
                        BeginAll(loaders,
                                 [&](const Loader& loader) {
                                   phase.kind = Phase::Kind::kPreload;
                                   phase.operations = loader.preload_operations();
                                   return phase;
                                 }),
                        "writing records", show_progress));
}

Results Measure(const Loaders& loaders, const BenchOptions& options, const Clock& clock,
                const ShowProgress& show_progress) {
  const double own_cpu = OwnCpuSeconds();
  const std::optional<double> server_cpu = CpuSecondsOf(options.server_pid);
  Phase phase;
  phase.kind = Phase::Kind::kRun;
  phase.start_nanos = clock.MonotonicNanos();
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
  Results results = Wait(loaders, std::move(futures), NameOf(options.workload), show_progress);
  results.client_cpu_seconds = OwnCpuSeconds() - own_cpu;
  if (server_cpu.has_value()) {
    const std::optional<double> server_cpu_after = CpuSecondsOf(options.server_pid);
    if (server_cpu_after) results.server_cpu_seconds = *server_cpu_after - *server_cpu;
    results.server_rss_bytes = ResidentBytesOf(options.server_pid).value_or(0);
  }
  return results;
}

}  // namespace

Result<Results> RunLoad(const BenchOptions& options, const Clock& clock,
                        const ShowProgress& show_progress) {
  if (options.server_pid != 0) SMILE_TRY(RequireProcess(options.server_pid));
  Loaders loaders;
  for (uint32_t i = 0; i < options.threads; ++i) {
    SMILE_ASSIGN(std::unique_ptr<Loader> loader, Loader::Create(options, i, &clock));
    loaders.push_back(std::move(loader));
  }
  SMILE_TRY(Prepare(loaders, clock, show_progress));
  return Measure(loaders, options, clock, show_progress);
}

}  // namespace smile::bench
