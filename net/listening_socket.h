// Sockets that listen on one address and port, for as many event loops: the kernel spreads the
// connections over them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"

namespace smile {

// Listens until it is destroyed; who connects waits in the kernel (limits::kAcceptBacklog) until
// EventLoop::Accept takes the socket over. Any thread.
class ListeningSocket {
 public:
  explicit ListeningSocket(int descriptor) : descriptor_(descriptor) {}  // owned from here on
  ListeningSocket(ListeningSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();

  int descriptor() const { return descriptor_; }
  uint16_t port() const;  // the real one, also if 0 was asked for

 private:
  int descriptor_;
};

// `count` sockets, at least one, on one port; nobody else listens on it, and while they are there
// no other call succeeds, in whatever process. The host is an IP address or "localhost"; kInvalid
// for another, kUnavailable if the port cannot be had, each in words that say what to do.
Result<std::vector<ListeningSocket>> ListenOn(const Endpoint& endpoint, uint32_t count);

}  // namespace smile
