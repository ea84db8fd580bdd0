// A gate in front of something that many threads use and one thread occasionally replaces: the open
// RocksDB (storage/rocks/rocks_database.h). A use is cheap: it writes to a cache line that other
// threads seldom touch.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/check.h"

namespace smile {

class UseGate {
 public:
  // The guarded object is not replaced while a Use exists. A Use may end on another thread than the
  // one on which it began. It does not outlive the gate (CHECK).
  class Use {
   public:
    Use() = default;
    Use(Use&& other) noexcept : uses_(std::exchange(other.uses_, nullptr)) {}
    Use& operator=(Use&& other) noexcept {
      std::swap(uses_, other.uses_);
      return *this;
    }
    ~Use() {
      if (uses_ == nullptr) return;
      const uint32_t before = uses_->fetch_sub(1, std::memory_order_release);
      CHECK(before > 0);
    }
    explicit operator bool() const { return uses_ != nullptr; }

   private:
    friend class UseGate;
    explicit Use(std::atomic<uint32_t>* uses) : uses_(uses) {}

    std::atomic<uint32_t>* uses_ = nullptr;
  };

  UseGate() = default;
  ~UseGate() { CHECK(unused(), "a use ends before its gate"); }
  UseGate(const UseGate&) = delete;
  UseGate& operator=(const UseGate&) = delete;

  // Any thread, never waits. False: the gate is closed.
  [[nodiscard]] Use Enter();

  // For long uses: Close waits for them to end.
  bool closed() const { return closed_.load(std::memory_order_acquire); }

  // Called by one thread, while the gate is open (CHECK). Rejects further uses and waits for
  // current ones. If they have not ended after `patience`, opens the gate again and returns false.
  bool Close(std::chrono::milliseconds patience);
  void Open() { CHECK(closed_.exchange(false, std::memory_order_acq_rel), "it was closed"); }

  // There is no use now. Stable only while the gate is closed, or nobody enters.
  bool unused() const;

 private:
  struct alignas(64) Stripe {
    std::atomic<uint32_t> uses{0};
  };
  static constexpr size_t kStripes = 16;

  std::atomic<bool> closed_{false};
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace smile
