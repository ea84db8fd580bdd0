// One attempt to connect to a TCP server. For net/ only; others use EventLoop::ConnectTcp.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "net/tcp.h"

namespace smile {

// Lives in UvLoop::connects until it has called `done`.
class TcpConnect {
 public:
  using Done = std::function<void(Result<std::unique_ptr<Transport>>)>;

  TcpConnect(UvLoop* loop, Endpoint endpoint, Done done);
  ~TcpConnect();
  TcpConnect(const TcpConnect&) = delete;
  TcpConnect& operator=(const TcpConnect&) = delete;

  // Called once, by the loop. `done` may be called from within.
  void Begin(int64_t timeout_millis);

 private:
  struct Request;
  struct Lookup;

  void StartLookup();
  void OnLookedUp(int error, const addrinfo* found);
  void TryNext();
  void OnConnected(int error);
  void Fail(const std::string& why);
  void Finish(Result<std::unique_ptr<Transport>> result);

  UvLoop* const loop_;
  const Endpoint endpoint_;
  Done done_;
  std::vector<sockaddr_storage> addresses_;  // not yet tried, the next one last
  TcpSocket* socket_ = nullptr;
  Request* request_ = nullptr;
  Lookup* lookup_ = nullptr;
  std::unique_ptr<Timer> timeout_;
};

}  // namespace smile
