#include "base/slewed_clock.h"

#include <algorithm>

namespace smile {
namespace {

constexpr int64_t kSlewShare = 20;
constexpr int64_t kMillisBetweenLooks = 100;
// An adjustment accounts for at most this time: the previous one may be days ago.
constexpr int64_t kMostMillisPerLook = 10'000;
static_assert(kMillisBetweenLooks / kSlewShare >= 1, "even the shortest interval adjusts");
static_assert(kMostMillisPerLook >= kMillisBetweenLooks);

}  // namespace

int64_t SlewedClock::Millis(int64_t steady_millis, int64_t system_millis) {
  int64_t looked_at = looked_at_.load(std::memory_order_relaxed);
  const int64_t passed = steady_millis - looked_at;
  if (passed >= kMillisBetweenLooks &&
      looked_at_.compare_exchange_strong(looked_at, steady_millis, std::memory_order_relaxed)) {
    const int64_t most = std::min(passed, kMostMillisPerLook) / kSlewShare;
    const int64_t wrong_by =
        system_millis - steady_millis - offset_.load(std::memory_order_relaxed);
    offset_.fetch_add(std::clamp(wrong_by, -most, most), std::memory_order_relaxed);
  }
  // Another thread may have read the clocks later than this one, but come here first.
  const int64_t now = steady_millis + offset_.load(std::memory_order_relaxed);
  int64_t latest = latest_.load(std::memory_order_relaxed);
  while (now > latest && !latest_.compare_exchange_weak(latest, now, std::memory_order_relaxed)) {
  }
  return std::max(now, latest);
}

}  // namespace smile
