#include "client/checked_options.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/limits.h"
#include "client/backoff.h"

namespace smile {
namespace {

constexpr int64_t kMaxMillis = Backoff::kMaxMillis;
// Sums of such times with the monotonic clock's fit in nanoseconds.
static_assert(kMaxMillis <= std::numeric_limits<int64_t>::max() / kNanosPerMilli / 4);

Status OutOfRange(const std::string& option, const std::string& range, const std::string& value) {
  return {Code::kInvalid, option + " of a client is " + value + "; it must be " + range};
}

}  // namespace

Status Validate(const ClientOptions& options) {
  const auto one_to = [](size_t maximum) { return "1 to " + std::to_string(maximum); };
  if (options.servers.empty() || options.servers.size() > limits::kMaxClientServers) {
    return OutOfRange("the number of servers", one_to(limits::kMaxClientServers),
                      std::to_string(options.servers.size()));
  }
  if (options.connections < 1 || options.connections > limits::kMaxClientConnections) {
    return OutOfRange("connections", one_to(limits::kMaxClientConnections),
                      std::to_string(options.connections));
  }
  if (options.tap && options.connections != 1) {
    return OutOfRange("connections", "1 with a tap", std::to_string(options.connections));
  }
  if (options.name.size() > limits::kMaxClientNameBytes) {
    return OutOfRange("the length of the name",
                      "at most " + std::to_string(limits::kMaxClientNameBytes) + " bytes",
                      std::to_string(options.name.size()));
  }
  for (const auto& [name, millis] :
       {std::pair("connect_timeout_millis", options.connect_timeout_millis),
        std::pair("deadline_millis", options.deadline_millis),
        std::pair("first_backoff_millis", options.first_backoff_millis),
        std::pair("max_backoff_millis", options.max_backoff_millis)}) {
    if (millis < 1 || millis > kMaxMillis) {
      return OutOfRange(name, one_to(kMaxMillis), std::to_string(millis));
    }
  }
  if (options.max_in_flight == 0) return OutOfRange("max_in_flight", "at least 1", "0");
  return {};
}

int64_t DeadlineOf(const ClientOptions& client, const CallOptions& call, const Clock& clock) {
  const int64_t millis = call.deadline_millis > 0 ? call.deadline_millis : client.deadline_millis;
  return clock.MonotonicNanos() + std::min(millis, kMaxMillis) * kNanosPerMilli;
}

}  // namespace smile
