#include "client/smilecat/transfers.h"

#include "client/smilecat/in_parallel.h"

namespace smile::cat {

void Transfers::Run(size_t count, size_t jobs, const std::function<void(size_t index)>& transfer) {
  const auto unless_stopped = [&](size_t index) {
    if (!stopped()) transfer(index);
  };
  InParallel(count, jobs, unless_stopped, [this] {
    progress_.Update();
    if (interrupt_->Raised()) stop_.request_stop();
  });
}

void Transfers::Fail(const std::string& words, ExitStatus status) {
  progress_.Complain(words);
  const std::lock_guard lock(mutex_);
  status_ = WorseOf(status_, status);
}

ExitStatus Transfers::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

std::function<void(uint64_t done_bytes)> Transfers::ProgressOfOne() {
  return [this, before = uint64_t{0}](uint64_t done_bytes) mutable {
    progress_.AddDone(done_bytes - before);
    before = done_bytes;
  };
}

}  // namespace smile::cat
