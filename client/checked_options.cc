#include "client/checked_options.h"

#include <algorithm>

#include "base/limits.h"

namespace smile {
namespace {

constexpr int64_t kLongestMillis = int64_t{1} << 40;  // 34 years: sums in nanoseconds fit

}  // namespace

Status Validate(const ClientOptions& options) {
  const auto in_range = [](int64_t millis) { return millis >= 1 && millis <= kLongestMillis; };
  if (options.servers.empty() || options.servers.size() > limits::kMaxClientServers) {
    return {Code::kInvalid, "a client needs 1 to " + std::to_string(limits::kMaxClientServers) +
                                " server addresses, not " + std::to_string(options.servers.size())};
  }
  if (options.connections < 1 || options.connections > limits::kMaxClientConnections) {
    return {Code::kInvalid, "the number of connections is from 1 to " +
                                std::to_string(limits::kMaxClientConnections) + ", not " +
                                std::to_string(options.connections)};
  }
  if (options.tap && options.connections != 1) {
    return {Code::kInvalid,
            "a tap needs a client with one connection, not " + std::to_string(options.connections)};
  }
  if (options.name.size() > limits::kMaxClientNameBytes) {
    return {Code::kInvalid, "the name of a client has at most " +
                                std::to_string(limits::kMaxClientNameBytes) + " bytes"};
  }
  if (!in_range(options.connect_timeout_millis) || !in_range(options.deadline_millis) ||
      !in_range(options.first_backoff_millis) || !in_range(options.max_backoff_millis)) {
    return {Code::kInvalid, "timeouts of a client are from 1 ms to 34 years"};
  }
  if (options.max_in_flight == 0) {
    return {Code::kInvalid, "max_in_flight of a client is at least 1"};
  }
  return {};
}

int64_t DeadlineOf(const ClientOptions& client, const CallOptions& call, const Clock& clock) {
  const int64_t millis = call.deadline_millis > 0 ? call.deadline_millis : client.deadline_millis;
  return clock.MonotonicNanos() + std::min(millis, kLongestMillis) * kNanosPerMilli;
}

}  // namespace smile
