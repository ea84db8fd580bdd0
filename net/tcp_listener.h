// A listening TCP socket. Inside net/ only; others get theirs from EventLoop.
#pragma once

#include <functional>
#include <memory>

#include "net/uv_loop.h"

namespace smile {

// The address of an endpoint that needs no look-up; kInvalid for names other than "localhost".
Result<sockaddr_storage> NumericAddress(const Endpoint& endpoint);

// See EventLoop::ListenTcp.
Result<std::unique_ptr<Listener>> StartTcpListener(
    UvLoop* loop, const Endpoint& endpoint, bool exclusive,
    std::function<void(std::unique_ptr<Transport>)> accepted);

}  // namespace smile
