#include "client/checked_options.h"

#include <algorithm>

#include "base/limits.h"

namespace smile {
namespace {

constexpr int64_t kLongestMillis = int64_t{1} << 40;  // 34 years: sums in nanoseconds fit

}  // namespace

Status Validate(const ClientOptions& options) {
  const auto in_range = [](int64_t millis) { return millis >= 1 && millis <= kLongestMillis; };
  if (options.name.size() > limits::kMaxClientNameBytes) {
    return {Code::kInvalid, "a client's name has at most " +
                                std::to_string(limits::kMaxClientNameBytes) + " bytes"};
  }
  if (!in_range(options.connect_timeout_millis) || !in_range(options.deadline_millis) ||
      !in_range(options.first_backoff_millis) || !in_range(options.max_backoff_millis)) {
    return {Code::kInvalid, "times of a client are from 1 millisecond to 34 years"};
  }
  if (options.max_in_flight == 0) {
    return {Code::kInvalid, "a client needs at least one call in flight"};
  }
  return {};
}

int64_t DeadlineOf(const ClientOptions& client, const CallOptions& call, const Clock& clock) {
  const int64_t millis = call.deadline_millis > 0 ? call.deadline_millis : client.deadline_millis;
  return clock.MonotonicNanos() + std::min(millis, kLongestMillis) * kNanosPerMilli;
}

}  // namespace smile
