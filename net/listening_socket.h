// Sockets that listen on the same address and port, one per event loop. The kernel distributes
// connections among them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"

namespace smile {

// Listens until it is destroyed. Connections wait in the kernel (limits::kAcceptBacklog) until
// EventLoop::Accept takes over the socket. Any thread.
class ListeningSocket {
 public:
  explicit ListeningSocket(int descriptor) : descriptor_(descriptor) {}  // takes ownership
  ListeningSocket(ListeningSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();

  int descriptor() const { return descriptor_; }
  uint16_t port() const;  // the actual port, also if 0 was requested

 private:
  int descriptor_;
};

// `count` sockets, at least one, on one port. Nobody else listens on that port, and while the
// sockets exist no other call for it succeeds, in any process. The host is an IP address or
// "localhost", otherwise kInvalid; kUnavailable if the port is not available. Both messages say
// what to do.
Result<std::vector<ListeningSocket>> ListenOn(const Endpoint& endpoint, uint32_t count);

}  // namespace smile
