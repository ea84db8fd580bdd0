#include "server/lifecycle.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"

namespace smile {
namespace {

constexpr int64_t kLookMillis = 20;

// Says when to log progress again.
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
  if (Watch(open, Signals::Request::kStop, "opening the database", progress)) return true;
  log_.Info("stopped during startup: the next start begins again");
  return false;
}

bool Lifecycle::Close(const std::function<void()>& close) {
  if (Watch(close, Signals::Request::kStopNow, "flushing memory to disk",
            [] { return std::string(); })) {
    return true;
  }
  log_.Info("stopped without flushing memory to disk: the next start replays the write-ahead log");
  return false;
}

bool Lifecycle::Watch(const std::function<void()>& task, Signals::Request ends, const char* what,
                      FunctionRef<std::string()> progress) {
  // Shared, because the thread may outlive this function.
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
      log_.Warning(
          fmt::format("dropping {} connections with {} requests in flight: {}",
                      server.open_connections(), server.requests_in_flight(),
                      at_once ? "second signal to stop" : "drain timeout (--drain-seconds)"));
      server.AbortConnections();
      by_force = true;
    }
    if (!pace.IsTime()) continue;
    log_.Info(fmt::format("draining: {} connections with {} requests in flight, at most {} s more",
                          server.open_connections(), server.requests_in_flight(),
                          std::max<int64_t>(left_nanos, 0) / kNanosPerSecond));
  }
  CHECK(server.open_connections() == 0 && server.requests_in_flight() == 0,
        "drained: nobody waits for an answer");
}

}  // namespace smile
