#include "net/tcp_connect.h"

#include <netdb.h>
#include <sys/socket.h>
#include <algorithm>
#include <cstring>
#include <utility>

namespace smile {

// libuv's requests live until their callbacks; `connect` is null when nobody waits any more.
struct TcpConnect::Request {
  uv_connect_t uv{};
  TcpConnect* connect = nullptr;
};
struct TcpConnect::LookUp {
  uv_getaddrinfo_t uv{};
  TcpConnect* connect = nullptr;
};

TcpConnect::TcpConnect(UvLoop* loop, Endpoint endpoint, Done done)
    : loop_(loop), endpoint_(std::move(endpoint)), done_(std::move(done)) {}

TcpConnect::~TcpConnect() {
  if (request_ != nullptr) request_->connect = nullptr;
  if (look_up_ != nullptr) {
    look_up_->connect = nullptr;
    uv_cancel(reinterpret_cast<uv_req_t*>(&look_up_->uv));
  }
  if (socket_ != nullptr) socket_->Drop();
}

void TcpConnect::Begin(int64_t timeout_millis) {
  timeout_ = StartUvTimer(loop_, timeout_millis, 0, [this, timeout_millis] {
    Fail("it does not answer within " + std::to_string(timeout_millis) + " ms");
  });
  // "localhost" may be ::1, 127.0.0.1 or both: only the look-up knows.
  const Result<sockaddr_storage> numeric = NumericAddress(endpoint_);
  if (!numeric.ok() || endpoint_.host == "localhost") return LookUpName();
  addresses_.push_back(*numeric);
  TryNext();
}

void TcpConnect::LookUpName() {
  look_up_ = new LookUp{.connect = this};
  look_up_->uv.data = look_up_;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const int error = uv_getaddrinfo(
      &loop_->uv, &look_up_->uv,
      [](uv_getaddrinfo_t* request, int e, addrinfo* found) {
        const std::unique_ptr<LookUp> done(static_cast<LookUp*>(request->data));
        if (done->connect != nullptr) done->connect->OnLookedUp(e, found);
        uv_freeaddrinfo(found);
      },
      endpoint_.host.c_str(), std::to_string(endpoint_.port).c_str(), &hints);
  if (error != 0) {
    delete std::exchange(look_up_, nullptr);
    Fail(UvWords(error));
  }
}

void TcpConnect::OnLookedUp(int error, const addrinfo* found) {
  look_up_ = nullptr;
  if (error != 0) return Fail("the name cannot be looked up: " + UvWords(error));
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    std::memcpy(&addresses_.emplace_back(), at->ai_addr, at->ai_addrlen);
  }
  std::reverse(addresses_.begin(), addresses_.end());
  TryNext();
}

void TcpConnect::TryNext() {
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
  Fail(UvWords(error));
}

void TcpConnect::OnConnected(int error) {
  request_ = nullptr;
  TcpSocket* const socket = std::exchange(socket_, nullptr);
  if (error == 0) return Finish(std::unique_ptr<Transport>(std::make_unique<TcpTransport>(socket)));
  socket->Drop();
  if (addresses_.empty()) return Fail(UvWords(error));
  TryNext();
}

void TcpConnect::Fail(const std::string& why) {
  Finish(Status(Code::kUnavailable, "no server at " + endpoint_.ToString() + ": " + why));
}

void TcpConnect::Finish(Result<std::unique_ptr<Transport>> result) {
  // Taken out first: `done` may begin the next attempt.
  auto self = loop_->connects.extract(loop_->connects.find(this));
  timeout_.reset();
  done_(std::move(result));
}

}  // namespace smile
