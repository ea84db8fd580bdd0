#include "client/smilecat/ordered_printer.h"

#include "base/check.h"

namespace smile::cat {

OrderedPrinter::OrderedPrinter(std::FILE* out, size_t max_open)
    : out_(out), max_open_(max_open), thread_([this] { Run(); }) {}

OrderedPrinter::~OrderedPrinter() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

uint64_t OrderedPrinter::Open(uint64_t line) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return open_.size() < max_open_; });
  open_.push_back({line, std::nullopt});
  return first_ + open_.size() - 1;
}

// Notified under the lock, so that whoever saw the last answer printed may destroy this at once.
void OrderedPrinter::Answer(uint64_t place, Reply reply) {
  const std::lock_guard lock(mutex_);
  const ExitStatus status = reply.exit_status.value_or(ExitStatusOf(reply.status));
  CHECK(place >= first_ && place - first_ < open_.size());
  OpenRequest& open = open_[place - first_];
  if (status == ExitStatus::kConnection && (!lost_.has_value() || open.line < lost_->first)) {
    lost_ = {open.line, reply.status};
  }
  Count(open.line, status);
  open.reply = std::move(reply);
  changed_.notify_all();
}

void OrderedPrinter::WaitForAll() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return open_.empty(); });
}

void OrderedPrinter::Count(uint64_t line, ExitStatus status) {
  ++tally_.answers;
  if (status == ExitStatus::kOk) return;
  if (tally_.failures == 0 || line < tally_.first_failed_line) tally_.first_failed_line = line;
  ++tally_.failures;
  tally_.worst = WorseOf(tally_.worst, status);
}

OrderedPrinter::Tally OrderedPrinter::tally() const {
  const std::lock_guard lock(mutex_);
  return tally_;
}

bool OrderedPrinter::output_failed() const {
  const std::lock_guard lock(mutex_);
  return output_failed_;
}

std::optional<std::pair<uint64_t, Status>> OrderedPrinter::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

void OrderedPrinter::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto head_is_ready = [&] { return !open_.empty() && open_.front().reply.has_value(); };
    changed_.wait(lock, [&] { return head_is_ready() || (ending_ && open_.empty()); });
    if (open_.empty()) return;
    // The places stay taken while their answers are printed: WaitForAll means printed.
    size_t ready = 0;
    Bytes text;
    while (ready < open_.size() && open_[ready].reply.has_value()) {
      text += open_[ready++].reply->shown;
    }
    lock.unlock();
    const bool written =
        std::fwrite(text.data(), 1, text.size(), out_) == text.size() && std::fflush(out_) == 0;
    lock.lock();
    output_failed_ = output_failed_ || !written;
    open_.erase(open_.begin(), open_.begin() + static_cast<ptrdiff_t>(ready));
    first_ += ready;
    changed_.notify_all();
  }
}

}  // namespace smile::cat
