#include "net/tcp_listener.h"

#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "net/tcp.h"

namespace smile {
namespace {

// uv_listen is not used: in libuv 1.44 it sets no SO_REUSEPORT, and when descriptors run out it
// closes waiting connections, or spins if another thread took its spare descriptor.
class TcpListener final : public Listener {
 public:
  TcpListener(UvLoop* loop, ListeningSocket socket,
              std::function<void(std::unique_ptr<Transport>)> accepted,
              std::function<void(const Status&)> failed)
      : loop_(loop),
        socket_(std::move(socket)),
        accepted_(std::move(accepted)),
        failed_(std::move(failed)),
        poll_(new uv_poll_t) {
    CHECK(uv_poll_init(&loop->uv, poll_, socket_.descriptor()) == 0);
    poll_->data = this;
    Resume();
  }
  ~TcpListener() override {
    uv_close(reinterpret_cast<uv_handle_t*>(poll_),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
  }
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  uint16_t port() const override { return socket_.port(); }

 private:
  void Resume() {
    CHECK(accepted_ != nullptr);
    const int error = uv_poll_start(poll_, UV_READABLE, [](uv_poll_t* poll, int, int) {
      static_cast<TcpListener*>(poll->data)->Accept();
    });
    CHECK(error == 0);
  }

  void Fail(int error) {
    if (failed_) {
      failed_({Code::kUnavailable,
               "cannot accept connections: " + UvMessage(uv_translate_sys_error(error))});
    }
    uv_poll_stop(poll_);
    pause_ = StartUvTimer(loop_, limits::kAcceptPauseMillis, 0, [this] { Resume(); });
  }

  void Accept() {
    for (int i = 0; i < limits::kAcceptsPerTurn; ++i) {
      const int accepted =
          accept4(socket_.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (accepted < 0) {
        // Nothing waits, or the peer is gone: the loop reports the next connection.
        const bool out_of_resources =
            errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        if (out_of_resources) Fail(errno);
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
  const ListeningSocket socket_;
  const std::function<void(std::unique_ptr<Transport>)> accepted_;
  const std::function<void(const Status&)> failed_;
  uv_poll_t* const poll_;
  std::unique_ptr<Timer> pause_;
};

}  // namespace

std::unique_ptr<Listener> StartTcpListener(UvLoop* loop, ListeningSocket socket,
                                           std::function<void(std::unique_ptr<Transport>)> accepted,
                                           std::function<void(const Status&)> failed) {
  return std::make_unique<TcpListener>(loop, std::move(socket), std::move(accepted),
                                       std::move(failed));
}

}  // namespace smile
