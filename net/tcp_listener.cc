#include "net/tcp_listener.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <utility>

#include "net/tcp.h"

namespace smile {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

Status CannotListen(const Endpoint& endpoint, int error) {
  if (error == EADDRINUSE) {
    return {Code::kUnavailable,
            endpoint.ToString() +
                " is in use by another process: stop it or choose another with --listen"};
  }
  return {Code::kUnavailable, "cannot listen on " + endpoint.ToString() + ": " +
                                  UvWords(uv_translate_sys_error(error))};
}

// A bound socket. SO_REUSEADDR lets a restarted server have its port back at once.
Result<Descriptor> Bind(const Endpoint& endpoint, const sockaddr_storage& address,
                        bool reuse_port) {
  Descriptor socket(::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.number() < 0) return CannotListen(endpoint, errno);
  const int on = 1;
  if (setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      (reuse_port && setsockopt(socket.number(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0)) {
    return CannotListen(endpoint, errno);
  }
  const socklen_t size = address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    return CannotListen(endpoint, errno);
  }
  return socket;
}

uint16_t PortOf(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  CHECK(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

// uv_listen is not used: in libuv 1.44 it sets no SO_REUSEPORT, and when descriptors run out it
// closes waiting connections, or spins if another thread took its spare descriptor.
class TcpListener final : public Listener {
 public:
  TcpListener(UvLoop* loop, Descriptor socket,
              std::function<void(std::unique_ptr<Transport>)> accepted)
      : loop_(loop),
        socket_(std::move(socket)),
        accepted_(std::move(accepted)),
        poll_(new uv_poll_t) {
    CHECK(uv_poll_init(&loop->uv, poll_, socket_.number()) == 0);
    poll_->data = this;
    Resume();
  }
  ~TcpListener() override {
    uv_close(reinterpret_cast<uv_handle_t*>(poll_),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
  }
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  uint16_t port() const override { return PortOf(socket_.number()); }

 private:
  void Resume() {
    const int error = uv_poll_start(poll_, UV_READABLE, [](uv_poll_t* poll, int, int) {
      static_cast<TcpListener*>(poll->data)->Accept();
    });
    CHECK(error == 0);
  }

  void Pause() {
    uv_poll_stop(poll_);
    pause_ = StartUvTimer(loop_, limits::kAcceptPauseMillis, 0, [this] { Resume(); });
  }

  void Accept() {
    for (int i = 0; i < limits::kAcceptsPerTurn; ++i) {
      const int accepted =
          accept4(socket_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (accepted < 0) {
        // Nobody waits any more, or the one who waited has gone: the loop tells when there is more.
        const bool out_of_resources =
            errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        if (out_of_resources) Pause();
        break;
      }
      auto* const socket = new TcpSocket(loop_);
      if (uv_tcp_open(socket->tcp(), accepted) != 0) {
        close(accepted);
        socket->Drop();
        continue;
      }
      accepted_(std::make_unique<TcpTransport>(socket));
    }
  }

  UvLoop* const loop_;
  const Descriptor socket_;
  const std::function<void(std::unique_ptr<Transport>)> accepted_;
  uv_poll_t* const poll_;
  std::unique_ptr<Timer> pause_;
};

}  // namespace

Result<sockaddr_storage> NumericAddress(const Endpoint& endpoint) {
  sockaddr_storage address{};
  const std::string host = endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host;
  if (uv_ip4_addr(host.c_str(), endpoint.port, reinterpret_cast<sockaddr_in*>(&address)) == 0 ||
      uv_ip6_addr(host.c_str(), endpoint.port, reinterpret_cast<sockaddr_in6*>(&address)) == 0) {
    return address;
  }
  return Status(Code::kInvalid,
                "\"" + endpoint.host + "\" is not an IP address: write it as 127.0.0.1 or [::1]");
}

Result<std::unique_ptr<Listener>> StartTcpListener(
    UvLoop* loop, const Endpoint& endpoint, bool exclusive,
    std::function<void(std::unique_ptr<Transport>)> accepted) {
  SMILE_ASSIGN(const sockaddr_storage address, NumericAddress(endpoint));
  if (exclusive && endpoint.port != 0) {
    SMILE_TRY(Bind(endpoint, address, /*reuse_port=*/false).status());
  }
  SMILE_ASSIGN(Descriptor socket, Bind(endpoint, address, /*reuse_port=*/true));
  if (listen(socket.number(), limits::kAcceptBacklog) != 0) return CannotListen(endpoint, errno);
  return std::unique_ptr<Listener>(
      std::make_unique<TcpListener>(loop, std::move(socket), std::move(accepted)));
}

}  // namespace smile
