#include "server/connection_handlers.h"

#include <string_view>

#include <fmt/format.h>

#include "base/limits.h"

namespace smile {

Status ConnectionHandlers::Check(op::Ping, const op::Ping::Request& request) const {
  if (request.payload.size() <= limits::kMaxPingBytes) return {};
  return {Code::kTooLarge, fmt::format("the payload has {} bytes, more than {}",
                                       request.payload.size(), limits::kMaxPingBytes)};
}

bool ConnectionHandlers::TryNow(op::Ping, const op::Ping::Request& request, Reply* reply) const {
  op::Ping::Response response{.payload = request.payload};
  if (const std::string_view trouble = engine_.Trouble(); !trouble.empty()) {
    response.trouble = trouble;
  }
  reply->Ok<op::Ping>(response);
  return true;
}

}  // namespace smile
