// Accepts what comes to a listening socket, on a loop. Inside net/ only; others get theirs from
// EventLoop.
#pragma once

#include <functional>
#include <memory>

#include "net/listening_socket.h"
#include "net/uv_loop.h"

namespace smile {

// See EventLoop::Accept.
std::unique_ptr<Listener> StartTcpListener(UvLoop* loop, ListeningSocket socket,
                                           std::function<void(std::unique_ptr<Transport>)> accepted,
                                           std::function<void(const Status&)> failed);

}  // namespace smile
