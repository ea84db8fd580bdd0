#include "net/tcp_connect.h"

#include <netdb.h>
#include <sys/socket.h>
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace smile {

// libuv's requests live until their callbacks; `connect` is null once the TcpConnect is destroyed.
struct TcpConnect::Request {
  uv_connect_t uv{};
  TcpConnect* connect = nullptr;
};
struct TcpConnect::Lookup {
  uv_getaddrinfo_t uv{};
  TcpConnect* connect = nullptr;
};

TcpConnect::TcpConnect(UvLoop* loop, Endpoint endpoint, Done done)
    : loop_(loop), endpoint_(std::move(endpoint)), done_(std::move(done)) {}

TcpConnect::~TcpConnect() {
  if (request_ != nullptr) request_->connect = nullptr;
  if (lookup_ != nullptr) {
    lookup_->connect = nullptr;
    uv_cancel(reinterpret_cast<uv_req_t*>(&lookup_->uv));
  }
  if (socket_ != nullptr) socket_->Drop();
}

void TcpConnect::Begin(int64_t timeout_millis) {
  CHECK(timeout_ == nullptr, "an attempt begins once");
  timeout_ = StartUvTimer(loop_, timeout_millis, 0, [this, timeout_millis] {
    Fail("no answer within " + std::to_string(timeout_millis) + " ms");
  });
  // "localhost" may be ::1, 127.0.0.1 or both: only a lookup can tell.
  const Result<sockaddr_storage> numeric = NumericAddress(endpoint_);
  if (!numeric.ok() || endpoint_.host == "localhost") return StartLookup();
  addresses_.push_back(*numeric);
  TryNext();
}

void TcpConnect::StartLookup() {
  lookup_ = new Lookup{.connect = this};
  lookup_->uv.data = lookup_;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const int error = uv_getaddrinfo(
      &loop_->uv, &lookup_->uv,
      [](uv_getaddrinfo_t* request, int e, addrinfo* found) {
        const std::unique_ptr<Lookup> done(static_cast<Lookup*>(request->data));
        if (done->connect != nullptr) done->connect->OnLookedUp(e, found);
        uv_freeaddrinfo(found);
      },
      endpoint_.host.c_str(), std::to_string(endpoint_.port).c_str(), &hints);
  if (error != 0) {
    delete std::exchange(lookup_, nullptr);
    Fail(UvMessage(error));
  }
}

void TcpConnect::OnLookedUp(int error, const addrinfo* found) {
  lookup_ = nullptr;
  if (error != 0) return Fail("name lookup failed: " + UvMessage(error));
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    CHECK(at->ai_addrlen <= sizeof(sockaddr_storage));
    std::memcpy(&addresses_.emplace_back(), at->ai_addr, at->ai_addrlen);
  }
  std::reverse(addresses_.begin(), addresses_.end());
  TryNext();
}

void TcpConnect::TryNext() {
  CHECK(socket_ == nullptr && request_ == nullptr, "addresses are tried one after the other");
  int error = UV_EADDRNOTAVAIL;
  while (!addresses_.empty()) {
    const sockaddr_storage address = addresses_.back();
    addresses_.pop_back();
    socket_ = new TcpSocket(loop_);
    request_ = new Request{.connect = this};
    request_->uv.data = request_;
    error =
        uv_tcp_connect(&request_->uv, socket_->tcp(), reinterpret_cast<const sockaddr*>(&address),
                       [](uv_connect_t* uv, int e) {
                         const std::unique_ptr<Request> done(static_cast<Request*>(uv->data));
                         if (done->connect != nullptr) done->connect->OnConnected(e);
                       });
    if (error == 0) return;
    delete std::exchange(request_, nullptr);
    std::exchange(socket_, nullptr)->Drop();
  }
  Fail(UvMessage(error));
}

void TcpConnect::OnConnected(int error) {
  request_ = nullptr;
  TcpSocket* const socket = std::exchange(socket_, nullptr);
  CHECK(socket != nullptr);
  if (error == 0) return Finish(std::unique_ptr<Transport>(std::make_unique<TcpTransport>(socket)));
  socket->Drop();
  if (addresses_.empty()) return Fail(UvMessage(error));
  TryNext();
}

void TcpConnect::Fail(const std::string& why) {
  Finish(Status(Code::kUnavailable, "no server at " + endpoint_.ToString() + ": " + why));
}

void TcpConnect::Finish(Result<std::unique_ptr<Transport>> result) {
  // Removed first: `done` may start the next attempt.
  const auto found = loop_->connects.find(this);
  CHECK(found != loop_->connects.end(), "an attempt ends once");
  const auto self = loop_->connects.extract(found);
  timeout_.reset();
  done_(std::move(result));
}

}  // namespace smile
