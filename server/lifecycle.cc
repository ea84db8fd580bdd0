#include "server/lifecycle.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "base/limits.h"

namespace smile {
namespace {

constexpr int64_t kNanosPerSecond = 1'000 * kNanosPerMilli;
constexpr int64_t kLookMillis = 20;

// When to say again how far something has come.
class Pace {
 public:
  explicit Pace(const Clock& clock)
      : clock_(clock), begin_nanos_(clock.MonotonicNanos()), said_nanos_(begin_nanos_) {}

  int64_t nanos() const { return clock_.MonotonicNanos() - begin_nanos_; }
  bool IsTime() {
    const int64_t now_nanos = clock_.MonotonicNanos();
    if (now_nanos - said_nanos_ < limits::kProgressMillis * kNanosPerMilli) return false;
    said_nanos_ = now_nanos;
    return true;
  }

 private:
  const Clock& clock_;
  const int64_t begin_nanos_;
  int64_t said_nanos_;
};

}  // namespace

bool Lifecycle::Open(const std::function<void()>& open, FunctionRef<std::string()> progress) {
  if (Watch(open, Signals::Request::kStop, "opening the data", progress)) return true;
  log_.Info("stopped before it served: what it had begun is done anew by the next start");
  return false;
}

bool Lifecycle::Close(const std::function<void()>& close) {
  if (Watch(close, Signals::Request::kStopNow, "writing out what is in memory",
            [] { return std::string(); })) {
    return true;
  }
  log_.Info("stopped without writing out what is in memory: the next start replays the log");
  return false;
}

bool Lifecycle::Watch(const std::function<void()>& task, Signals::Request ends, const char* what,
                      FunctionRef<std::string()> progress) {
  // Shared, because the thread may still run when this function has returned.
  const auto done = std::make_shared<std::atomic<bool>>(false);
  std::thread thread([task, done, &signals = signals_] {
    task();
    done->store(true);
    signals.Wake();
  });
  Pace pace(clock_);
  while (!done->load()) {
    if (signals_.Wait(limits::kProgressMillis, clock_, log_) == ends) {
      thread.detach();
      return false;
    }
    if (done->load() || !pace.IsTime()) continue;
    log_.Info(fmt::format("{}: {} s so far{}", what, pace.nanos() / kNanosPerSecond, progress()));
  }
  thread.join();
  return true;
}

void Lifecycle::WaitForStop() {
  while (signals_.Wait(limits::kProgressMillis, clock_, log_) == Signals::Request::kNone) {
  }
}

void Lifecycle::Drain(Server& server, int64_t drain_millis) {
  const int64_t drain_nanos = drain_millis * kNanosPerMilli;
  bool by_force = false;
  Pace pace(clock_);
  server.BeginDrain();
  while (!server.drained()) {
    const bool at_once = signals_.Wait(kLookMillis, clock_, log_) == Signals::Request::kStopNow;
    const int64_t left_nanos = drain_nanos - pace.nanos();
    if (!by_force && (at_once || left_nanos <= 0)) {
      log_.Warning(fmt::format("{} connections with {} open requests are dropped: {}",
                               server.open_connections(), server.open_requests(),
                               at_once ? "a second request to stop came"
                                       : "their time to finish (--drain-seconds) is over"));
      server.AbortConnections();
      by_force = true;
    }
    if (!pace.IsTime()) continue;
    log_.Info(fmt::format("waiting for {} connections with {} open requests, for at most {} s more",
                          server.open_connections(), server.open_requests(),
                          std::max<int64_t>(left_nanos, 0) / kNanosPerSecond));
  }
}

}  // namespace smile
