#include "storage/rocks/use_gate.h"

#include <algorithm>
#include <thread>

#include "base/check.h"

namespace smile {
namespace {

size_t NumberOfThisThread() {
  static std::atomic<size_t> threads{0};
  thread_local const size_t number = threads.fetch_add(1, std::memory_order_relaxed);
  return number;
}

}  // namespace

// Either this use sees that the gate is closed, or Close sees this use.
UseGate::Use UseGate::Enter() {
  std::atomic<uint32_t>& uses = stripes_[NumberOfThisThread() % kStripes].uses;
  uses.fetch_add(1, std::memory_order_seq_cst);
  Use use(&uses);
  if (closed_.load(std::memory_order_seq_cst)) return {};
  return use;
}

bool UseGate::unused() const {
  return std::all_of(stripes_.begin(), stripes_.end(), [](const Stripe& stripe) {
    return stripe.uses.load(std::memory_order_seq_cst) == 0;
  });
}

// Each use ends at the stripe where it began, so every single count must become 0.
bool UseGate::Close(std::chrono::milliseconds patience) {
  CHECK(!closed_.exchange(true, std::memory_order_seq_cst), "one thread closes it at a time");
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!unused()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      Open();
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace smile
