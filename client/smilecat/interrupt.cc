#include "client/smilecat/interrupt.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/check.h"

namespace smile::cat {
namespace {

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t signals = Signals();
  CHECK(::pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  descriptor_ = ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(descriptor_ >= 0);
}

Interrupt::~Interrupt() {
  ::close(descriptor_);
}

bool Interrupt::Raised() {
  if (raised_) return true;
  signalfd_siginfo info;
  raised_ = ::read(descriptor_, &info, sizeof(info)) == sizeof(info);
  if (raised_) {
    const sigset_t signals = Signals();
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  }
  return raised_;
}

}  // namespace smile::cat
