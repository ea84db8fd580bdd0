#include "net/endpoint.h"

#include <algorithm>
#include <charconv>

namespace smile {
namespace {

Status NotAnEndpoint(std::string_view text, std::string_view why) {
  return {Code::kInvalid, "invalid address \"" + std::string(text) + "\": " + std::string(why) +
                              "; write it as 127.0.0.1:7645, [::1]:7645 or localhost:7645"};
}

}  // namespace

std::string Endpoint::ToString() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> ParseEndpoint(std::string_view text, uint16_t default_port) {
  Endpoint endpoint{.host = {}, .port = default_port};
  std::string_view rest = text;
  if (rest.starts_with('[')) {
    const size_t end = rest.find(']');
    if (end == std::string_view::npos) return NotAnEndpoint(text, "the bracket is not closed");
    endpoint.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest.front() != ':') {
      return NotAnEndpoint(text, "expected :PORT after the bracket");
    }
  } else {
    const size_t colon = rest.find(':');
    if (colon != rest.rfind(':')) {
      return NotAnEndpoint(text, "an IPv6 address must be in brackets");
    }
    endpoint.host = rest.substr(0, colon);
    rest.remove_prefix(std::min(colon, rest.size()));
  }
  if (endpoint.host.empty()) return NotAnEndpoint(text, "missing host");
  if (rest.empty()) return endpoint;
  rest.remove_prefix(1);
  const auto [end, error] =
      std::from_chars(rest.data(), rest.data() + rest.size(), endpoint.port, 10);
  if (error != std::errc() || end != rest.data() + rest.size()) {
    return NotAnEndpoint(text, "the port must be an integer from 0 to 65535");
  }
  return endpoint;
}

}  // namespace smile
