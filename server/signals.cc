#include "server/signals.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "base/limits.h"

namespace smile {
namespace {

constexpr std::array kStops = {SIGTERM, SIGINT};
// Each would otherwise end the process.
constexpr std::array kIgnored = {SIGHUP, SIGUSR1, SIGUSR2, SIGALRM};

}  // namespace

Signals::Signals() {
  sigset_t taken;
  sigemptyset(&taken);
  for (const int signal : kStops) sigaddset(&taken, signal);
  for (const int signal : kIgnored) sigaddset(&taken, signal);
  CHECK(pthread_sigmask(SIG_BLOCK, &taken, nullptr) == 0);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  signals_ = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  CHECK(signals_ >= 0 && wake_ >= 0);
}

Signals::~Signals() {
  close(signals_);
  close(wake_);
}

Signals::Request Signals::Wait(int64_t millis, const Clock& clock, const Logger& log) {
  pollfd ready[] = {{.fd = signals_, .events = POLLIN}, {.fd = wake_, .events = POLLIN}};
  (void)poll(ready, 2, static_cast<int>(std::max<int64_t>(millis, 0)));
  eventfd_t woken = 0;
  (void)eventfd_read(wake_, &woken);
  signalfd_siginfo info{};
  while (read(signals_, &info, sizeof(info)) == sizeof(info)) {
    const Request request = Take(static_cast<int>(info.ssi_signo), info.ssi_pid, clock, log);
    if (request != Request::kNone) return request;
  }
  return Request::kNone;
}

Signals::Request Signals::Take(int signal, uint32_t sender, const Clock& clock, const Logger& log) {
  // There is no sender if it comes from the kernel (Ctrl-C) or another namespace.
  const std::string who = sender == 0 ? "" : fmt::format(" from process {}", sender);
  const std::string what = fmt::format("SIG{}{}", sigabbrev_np(signal), who);
  if (std::find(kStops.begin(), kStops.end(), signal) == kStops.end()) {
    log.Info(
        fmt::format("ignoring {}: options are only read at startup and the log goes to "
                    "stderr; SIGTERM stops the server",
                    what));
    return Request::kNone;
  }
  const int64_t now_nanos = clock.MonotonicNanos();
  if (!stopping_) {
    stopping_ = true;
    first_nanos_ = now_nanos;
    log.Info("stopping: " + what);
    return Request::kStop;
  }
  if (now_nanos - first_nanos_ < limits::kSignalPairMillis * kNanosPerMilli) {
    log.Info(fmt::format("{} ignored: too soon after the first signal to count as a second", what));
    return Request::kNone;
  }
  log.Info("stopping immediately: " + what);
  return Request::kStopNow;
}

void Signals::Wake() const {
  CHECK(eventfd_write(wake_, 1) == 0);
}

}  // namespace smile
