// A gate in front of something that many threads use and one thread replaces now and then: the
// RocksDB that is open (storage/rocks/rocks_database.h). A use is cheap: it writes to a cache line
// that other threads seldom touch.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace smile {

class UseGate {
 public:
  // What is behind the gate stays while there is one. It may be ended on another thread than that
  // which began it. It does not outlive the gate.
  class Use {
   public:
    Use() = default;
    Use(Use&& other) noexcept : uses_(std::exchange(other.uses_, nullptr)) {}
    Use& operator=(Use&& other) noexcept {
      std::swap(uses_, other.uses_);
      return *this;
    }
    ~Use() {
      if (uses_ != nullptr) uses_->fetch_sub(1, std::memory_order_release);
    }
    explicit operator bool() const { return uses_ != nullptr; }

   private:
    friend class UseGate;
    explicit Use(std::atomic<uint32_t>* uses) : uses_(uses) {}

    std::atomic<uint32_t>* uses_ = nullptr;
  };

  // Any thread, never waits. False: the gate is closed.
  [[nodiscard]] Use Enter();

  // Of a long use: somebody waits for it to end.
  bool closed() const { return closed_.load(std::memory_order_acquire); }

  // One thread. Refuses further uses and waits for those that there are. If they have not ended
  // after `patience` the gate is open again and the answer is false.
  bool Close(std::chrono::milliseconds patience);
  void Open() { closed_.store(false, std::memory_order_release); }

 private:
  struct alignas(64) Stripe {
    std::atomic<uint32_t> uses{0};
  };
  static constexpr size_t kStripes = 16;

  bool IsUnused() const;

  std::atomic<bool> closed_{false};
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace smile
