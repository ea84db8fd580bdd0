#include "client/smilecat/transfer_progress.h"

#include "base/print.h"
#include "client/smilecat/complain.h"

namespace smile::cat {
namespace {

constexpr uint64_t kKibibyte = 1024;

}  // namespace

void TransferProgress::Update() {
  const std::lock_guard lock(mutex_);
  const std::string trouble = watch_->Trouble(/*waiting=*/true);
  ProgressState state{.unit = "KiB",
                      .done = done_ / kKibibyte,
                      .done_here = done_ / kKibibyte,
                      .part = done_,
                      .whole = whole_,
                      .trouble = trouble};
  progress_.Update(state);
}

void TransferProgress::Print(std::string_view line) {
  const std::lock_guard lock(mutex_);
  progress_.Clear();
  PrintText(stdout, line);
  std::fflush(stdout);
}

void TransferProgress::Complain(const std::string& words) {
  const std::lock_guard lock(mutex_);
  progress_.Clear();
  cat::Complain(words);
}

}  // namespace smile::cat
