#include "base/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <utility>

#include "base/check.h"

namespace smile {
namespace {

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Interrupt::Interrupt(std::function<void()> before_end)
    : before_end_(std::move(before_end)), ended_(::eventfd(0, EFD_CLOEXEC)) {
  CHECK(ended_ >= 0);
  const sigset_t signals = Signals();
  CHECK(::pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  thread_ = std::thread([this] { Watch(); });
}

Interrupt::~Interrupt() {
  CHECK(::eventfd_write(ended_, 1) == 0);
  thread_.join();
  ::close(ended_);
}

void Interrupt::Watch() {
  const sigset_t signals = Signals();
  const int descriptor = ::signalfd(-1, &signals, SFD_CLOEXEC);
  CHECK(descriptor >= 0);
  while (true) {
    pollfd ready[] = {{.fd = ended_, .events = POLLIN}, {.fd = descriptor, .events = POLLIN}};
    if (::poll(ready, 2, -1) < 0) continue;
    if (ready[0].revents != 0) break;
    signalfd_siginfo info;
    if (::read(descriptor, &info, sizeof(info)) != sizeof(info)) continue;
    if (!raised_.exchange(true)) continue;
    if (before_end_) before_end_();
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    ::raise(static_cast<int>(info.ssi_signo));
  }
  ::close(descriptor);
}

}  // namespace smile
