// One bound for the memory of all connections together: half frames, requests that wait, results of
// reads, replies that are not taken.
//
// Fairness. A connection may hold a share of what is left of the limit, divided by
// limits::kConnectionShareDivisor, so nobody has to look for the largest holder: as memory gets
// short, the largest ones are the first over their share. N connections that take all they can get
// hold limit / (N + 4) each, and 4 / (N + 4) of the limit stays free for others, each of which may
// take as much as one of the N. (A. Choudhury and E. Hahne, "Dynamic queue length thresholds for
// shared-memory packet switches", IEEE/ACM Transactions on Networking 6(2), 1998.)
//
// What has to be taken to finish accepted work (a request's bytes that became its copy, a small
// reply) is never rejected, so a request that was accepted can always end. It is bounded by what
// was looked at before the work began.
//
// Four classes: the budget, of the process; a pool of it for each worker, so that the cost of a
// reply that is sent at once is an addition; an account for each connection; and what one read has
// taken.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/limits.h"

namespace smile {

// What the allocator takes for `bytes`: it has four sizes between a power of two and the next.
constexpr size_t AllocatedBytes(size_t bytes) {
  if (bytes <= 64) return bytes == 0 ? 0 : 64;
  const size_t step = std::bit_floor(bytes - 1) / 4;  // a power of two
  return (bytes + step - 1) & ~(step - 1);
}

// What bytes take beside their own object, unused capacity included.
inline size_t MemoryOf(const Bytes& bytes) {
  constexpr size_t kInPlace = 15;  // a short string has no memory of its own
  return bytes.capacity() <= kInPlace ? 0 : AllocatedBytes(bytes.capacity() + 1);
}

// Any thread.
class MemoryBudget {
 public:
  explicit MemoryBudget(size_t limit) : limit_(limit), shared_(SharedOf(limit)) {
    CHECK(limit > 0 && shared_ <= limit);
  }
  // After all that takes from it.
  ~MemoryBudget() { CHECK(used() == 0, "memory was taken and not given back"); }
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  size_t limit() const { return limit_; }
  size_t used() const { return used_.load(std::memory_order_relaxed); }

  // What one connection may hold now; at least limits::kGuaranteedConnectionBytes.
  size_t Share() const {
    const size_t used_now = used();
    const size_t left = used_now < shared_ ? shared_ - used_now : 0;
    const size_t share = left / limits::kConnectionShareDivisor;
    return share > limits::kGuaranteedConnectionBytes ? share : limits::kGuaranteedConnectionBytes;
  }

  // How much has to be given back until three quarters are used; 0 if it is not short.
  size_t Excess() const {
    const size_t enough = limit_ - limit_ / 4;
    const size_t used_now = used();
    return used_now > enough ? used_now - enough : 0;
  }

  void Take(size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void Give(size_t bytes) {
    const size_t before = used_.fetch_sub(bytes, std::memory_order_relaxed);
    CHECK(before >= bytes, "what is given back was taken");
  }

  // What was not done for want of memory.
  void CountRejection() { rejections_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t rejections() const { return rejections_.load(std::memory_order_relaxed); }

  // Of `used`, the results of reads.
  void CountRead(size_t taken, size_t given) {
    read_bytes_.fetch_add(taken - given, std::memory_order_relaxed);
  }
  size_t read_bytes() const { return read_bytes_.load(std::memory_order_relaxed); }

 private:
  // A sixteenth is not handed out, if the rest is enough for the largest frame: the allocator's
  // fragments, and values that readers hold, take a little more than what is counted.
  static size_t SharedOf(size_t limit) {
    return std::min(limit, std::max(limits::kLeastConnectionMemoryBytes, limit - limit / 16));
  }

  const size_t limit_;
  const size_t shared_;  // what shares are parts of
  alignas(64) std::atomic<size_t> used_{0};
  alignas(64) std::atomic<size_t> read_bytes_{0};
  std::atomic<uint64_t> rejections_{0};
};

// One thread's part of a budget: takes from it and gives back in chunks. What it has at hand, at
// most 2 * kChunkBytes, counts as used.
class MemoryPool {
 public:
  explicit MemoryPool(MemoryBudget* budget) : budget_(budget) {}
  ~MemoryPool() { budget_->Give(spare_ + orphaned_); }
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  MemoryBudget& budget() const { return *budget_; }

  // `now` instead of `before`. Never rejected.
  void Change(size_t before, size_t now) {
    if (now > before) return Take(now - before);
    Give(before - now);
  }

  // What the engine still holds for a session that has gone: it is given back when the engine has
  // answered, or with the pool.
  void Orphan(size_t bytes) { orphaned_ += bytes; }
  void GiveOrphan(size_t bytes) {
    CHECK(bytes <= orphaned_);
    orphaned_ -= bytes;
    Give(bytes);
  }

 private:
  static constexpr size_t kChunkBytes = size_t{32} << 10;

  void Take(size_t bytes) {
    if (bytes > spare_) {
      budget_->Take(bytes - spare_ + kChunkBytes);
      spare_ = bytes + kChunkBytes;
    }
    CHECK(spare_ >= bytes);
    spare_ -= bytes;
  }
  void Give(size_t bytes) {
    spare_ += bytes;
    if (spare_ <= 2 * kChunkBytes) return;
    budget_->Give(spare_ - kChunkBytes);
    spare_ = kChunkBytes;
  }

  MemoryBudget* const budget_;
  size_t spare_ = 0;
  size_t orphaned_ = 0;
};

// What one connection holds. The budget outlives it.
class MemoryAccount {
 public:
  explicit MemoryAccount(MemoryBudget* budget) : budget_(budget) {}
  ~MemoryAccount() { CHECK(reads_.load() == 0); }
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  // Of the connection's own thread: what it holds, beside its reads, and has taken from its pool.
  void set_own(size_t bytes) { own_.store(bytes, std::memory_order_relaxed); }

  // The rest: any thread.
  size_t held() const {
    return own_.load(std::memory_order_relaxed) + reads_.load(std::memory_order_relaxed);
  }

  // What the connection may take now; 0 while it is over its share.
  size_t Room() const {
    const size_t share = budget_->Share(), held_now = held();
    return held_now < share ? share - held_now : 0;
  }

  // Whether there is room for a reply of so many bytes. A rejection is counted.
  bool HasRoomFor(size_t bytes) {
    const bool has_room = bytes <= Room();
    if (!has_room) budget_->CountRejection();
    return has_room;
  }

  // For the result of a read: taken first, then looked at, so that threads which take at the same
  // time see each other. What has no chance is not taken even for that moment: many large reads
  // would push `used` over its limit.
  bool TryTakeForRead(size_t bytes) {
    if (held() + bytes > budget_->Share()) return false;
    reads_.fetch_add(bytes, std::memory_order_relaxed);
    budget_->Take(bytes);
    budget_->CountRead(bytes, 0);
    // Its own bytes are in `used`, so they are out of its share: a quarter, which is little.
    if (held() <= budget_->Share()) return true;
    GiveOfRead(bytes);
    return false;
  }
  void GiveOfRead(size_t bytes) {
    budget_->CountRead(0, bytes);
    budget_->Give(bytes);
    const size_t before = reads_.fetch_sub(bytes, std::memory_order_relaxed);
    CHECK(before >= bytes, "what is given back was taken");
  }
  void CountRejection() { budget_->CountRejection(); }

 private:
  MemoryBudget* const budget_;
  std::atomic<size_t> own_{0};
  std::atomic<size_t> reads_{0};
};

// What one read has taken for its result, until it is released. One thread at a time.
class ReadMemory {
 public:
  explicit ReadMemory(std::shared_ptr<MemoryAccount> account) : account_(std::move(account)) {}
  ~ReadMemory() { Release(); }
  ReadMemory(const ReadMemory&) = delete;
  ReadMemory& operator=(const ReadMemory&) = delete;

  // Whether it is useless to find out a result of about so many bytes, because the connection holds
  // much and has no room for it: else reads that are rejected in the end would cost as much as
  // others. A connection that holds little is never rejected this way.
  bool WouldReject(size_t bytes) const {
    return account_->held() >= limits::kLeastLargeValueBytes && bytes > account_->Room();
  }

  // Before the memory is allocated. False: do without; the read ends with what it has.
  bool TryTake(size_t bytes) {
    CHECK(!released_, "a result that was answered does not grow");
    if (bytes > taken_ - used_ && !TakeMore(bytes - (taken_ - used_))) return false;
    used_ += bytes;
    CHECK(used_ <= taken_);
    return true;
  }

  // The result has become a reply, which is counted as such: without waiting for a reader that
  // still has a reference, or its bytes would count twice. Nothing may be taken afterwards.
  void Release() {
    released_ = true;
    used_ = 0;
    account_->GiveOfRead(std::exchange(taken_, 0));
  }

 private:
  static constexpr size_t kStepBytes = size_t{16} << 10;

  // A step, so that many small pieces are taken at once; if there is not as much, what is needed.
  bool TakeMore(size_t bytes) {
    for (const size_t more : {bytes + kStepBytes, bytes}) {
      if (!account_->TryTakeForRead(more)) continue;
      taken_ += more;
      return true;
    }
    account_->CountRejection();
    return false;
  }

  const std::shared_ptr<MemoryAccount> account_;
  size_t taken_ = 0;
  size_t used_ = 0;
  bool released_ = false;
};

}  // namespace smile
