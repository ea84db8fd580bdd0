// Signals at the prompt: what a terminal sends is read like a character, so that nothing is cut
// short where it must not be.
#pragma once

#include <optional>

namespace smile::cat {

// Takes SIGINT, SIGTERM, SIGWINCH and SIGCONT for as long as the process lives. Made before other
// threads are.
class PromptSignals {
 public:
  PromptSignals();
  ~PromptSignals();
  PromptSignals(const PromptSignals&) = delete;
  PromptSignals& operator=(const PromptSignals&) = delete;

  // For poll: readable when a signal has come.
  int descriptor() const { return descriptor_; }

  // The next signal that has come; none: there is none. Does not wait.
  std::optional<int> Take() const;

 private:
  int descriptor_;
};

}  // namespace smile::cat
