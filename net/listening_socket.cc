#include "net/listening_socket.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "base/check.h"
#include "base/limits.h"
#include "net/tcp.h"

namespace smile {
namespace {

constexpr uint16_t kFirstUnprivilegedPort = 1024;

Status CannotListen(const Endpoint& endpoint, int error) {
  const std::string where = endpoint.ToString();
  switch (error) {
    case EADDRINUSE:
      return {Code::kUnavailable,
              "cannot listen on " + where +
                  ": in use by another process; stop it or choose another address with --listen"};
    case EADDRNOTAVAIL:
      return {Code::kUnavailable,
              fmt::format("cannot listen on {}: no interface of this machine has that address; "
                          "choose one of its own (see `ip address`), or 0.0.0.0 or [::] for all",
                          where)};
    case EAFNOSUPPORT:
      return {Code::kUnavailable,
              fmt::format("cannot listen on {}: IPv6 is disabled on this machine", where)};
    case EACCES:
      if (endpoint.port < kFirstUnprivilegedPort) {
        return {Code::kUnavailable, fmt::format("cannot listen on {}: ports below {} require "
                                                "CAP_NET_BIND_SERVICE; choose a higher port",
                                                where, kFirstUnprivilegedPort)};
      }
      break;
    default:
      break;
  }
  return {Code::kUnavailable,
          "cannot listen on " + where + ": " + UvMessage(uv_translate_sys_error(error))};
}

bool SwitchOn(const ListeningSocket& socket, int option) {
  const int on = 1;
  return setsockopt(socket.descriptor(), SOL_SOCKET, option, &on, sizeof(on)) == 0;
}

// With SO_REUSEADDR, a restarted server can use its port again at once.
Result<ListeningSocket> Listen(const Endpoint& endpoint, const sockaddr_storage& address,
                               bool join) {
  ListeningSocket socket(
      ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const socklen_t size = address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (socket.descriptor() < 0 || !SwitchOn(socket, SO_REUSEADDR) ||
      (join && !SwitchOn(socket, SO_REUSEPORT)) ||
      bind(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      listen(socket.descriptor(), limits::kAcceptBacklog) != 0) {
    return CannotListen(endpoint, errno);
  }
  return socket;
}

}  // namespace

ListeningSocket::~ListeningSocket() {
  if (descriptor_ >= 0) close(descriptor_);
}

uint16_t ListeningSocket::port() const {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  CHECK(descriptor_ >= 0, "it was moved from");
  CHECK(getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

// The first socket listens without SO_REUSEPORT. The kernel lets two such sockets be bound, but
// only one listen, so the second process fails here. Once the first socket listens, the option lets
// the others join; another process that starts in the same way still cannot.
Result<std::vector<ListeningSocket>> ListenOn(const Endpoint& endpoint, uint32_t count) {
  CHECK(count >= 1);
  SMILE_ASSIGN(sockaddr_storage address, NumericAddress(endpoint));
  std::vector<ListeningSocket> sockets;
  SMILE_ASSIGN(ListeningSocket first, Listen(endpoint, address, /*join=*/false));
  if (count > 1 && !SwitchOn(first, SO_REUSEPORT)) return CannotListen(endpoint, errno);
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  reinterpret_cast<sockaddr_in&>(address).sin_port = htons(first.port());
  sockets.push_back(std::move(first));
  while (sockets.size() < count) {
    SMILE_ASSIGN(ListeningSocket next, Listen(endpoint, address, /*join=*/true));
    sockets.push_back(std::move(next));
  }
  CHECK(sockets.size() == count);
  return sockets;
}

}  // namespace smile
