#include "net/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/memory_budget.h"
#include "net/read_range.h"

namespace smile {
namespace {

constexpr unsigned kKeepAliveSeconds = 60;  // detects a peer that vanished

using GetName = int (*)(const uv_tcp_t* tcp, sockaddr* name, int* size);

// One end of a connection; none if it is unknown.
std::optional<Endpoint> EndOf(const uv_tcp_t* tcp, GetName get_name) {
  sockaddr_storage address{};
  int size = sizeof(address);
  if (get_name(tcp, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  char text[INET6_ADDRSTRLEN] = {};
  Endpoint endpoint;
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    uv_ip6_name(&v6, text, sizeof(text));
    endpoint.port = ntohs(v6.sin6_port);
  } else {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    uv_ip4_name(&v4, text, sizeof(text));
    endpoint.port = ntohs(v4.sin_port);
  }
  endpoint.host = text;
  return endpoint;
}

bool BothEndsAreHere(const uv_tcp_t* tcp) {
  const std::optional<Endpoint> here = EndOf(tcp, uv_tcp_getsockname);
  const std::optional<Endpoint> there = EndOf(tcp, uv_tcp_getpeername);
  return here && there && here->host == there->host;
}

Status Lost(int error) {
  return {Code::kUnavailable, "connection lost: " + UvMessage(error)};
}

}  // namespace

Result<sockaddr_storage> NumericAddress(const Endpoint& endpoint) {
  sockaddr_storage address{};
  const std::string host = endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host;
  if (uv_ip4_addr(host.c_str(), endpoint.port, reinterpret_cast<sockaddr_in*>(&address)) == 0 ||
      uv_ip6_addr(host.c_str(), endpoint.port, reinterpret_cast<sockaddr_in6*>(&address)) == 0) {
    return address;
  }
  return Status(Code::kInvalid,
                "\"" + endpoint.host +
                    "\" is not an IP address; write the address as 127.0.0.1:7645 or [::1]:7645");
}

// A write that waits in libuv owns its bytes.
struct TcpSocket::Write {
  uv_write_t request{};
  TcpSocket* socket = nullptr;
  Bytes bytes;

  size_t memory() const { return sizeof(*this) + MemoryOf(bytes); }
};

TcpSocket::TcpSocket(UvLoop* loop) : loop_(loop) {
  CHECK(uv_tcp_init(&loop->uv, &tcp_) == 0);
  tcp_.data = this;
}

int TcpSocket::Descriptor() const {
  uv_os_fd_t descriptor = -1;
  uv_fileno(reinterpret_cast<const uv_handle_t*>(&tcp_), &descriptor);
  return descriptor;
}

void TcpSocket::Start(TransportEvents* events, std::function<void()> closed) {
  CHECK(events_ == nullptr, "a transport is started once");
  CHECK(loop_->IsOwnedByThisThread());
  events_ = events;
  closed_ = std::move(closed);
  uv_tcp_nodelay(&tcp_, 1);
  uv_tcp_keepalive(&tcp_, 1, kKeepAliveSeconds);
  // Without it the kernel copies megabytes for a peer that takes nothing. What is in flight, as
  // TCP means it, is not bounded by it.
  const int unsent = static_cast<int>(limits::kUnsentKernelBytes);
  setsockopt(Descriptor(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
  if (BothEndsAreHere(&tcp_)) {
    // A window for a long way would only fill the receiver's kernel with megabytes, and what is
    // small would wait for them there.
    const int unread = static_cast<int>(limits::kUnreadKernelBytes);
    setsockopt(Descriptor(), SOL_SOCKET, SO_RCVBUF, &unread, sizeof(unread));
  }
  UpdateReading();
}

void TcpSocket::SetPaused(bool paused) {
  paused_ = paused;
  UpdateReading();
}

// After Close(), reading continues in order to drop bytes, whether it was paused or not.
void TcpSocket::UpdateReading() {
  const bool wanted = events_ != nullptr && !peer_ended_ && state_ != State::kClosed &&
                      (state_ == State::kOpen ? !paused_ : !awaits_drop_turn_);
  if (wanted == reading_) return;
  reading_ = wanted;
  if (!wanted) {
    uv_read_stop(stream());
    return;
  }
  const int error = uv_read_start(
      stream(),
      [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
        const auto* socket = static_cast<TcpSocket*>(handle->data);
        *buffer = uv_buf_init(socket->loop_->read_buffer.get(),
                              static_cast<unsigned>(socket->MostBytes()));
      },
      [](uv_stream_t* stream, ssize_t size, const uv_buf_t*) {
        static_cast<TcpSocket*>(stream->data)->OnRead(size);
      });
  if (error != 0) Finish(Lost(error));
}

// Maximum bytes of one read; 0 makes libuv report UV_ENOBUFS.
size_t TcpSocket::MostBytes() const {
  if (state_ != State::kOpen) return limits::kDropBufferBytes;
  return std::min(events_->MostBytes(), limits::kReadBufferBytes);
}

void TcpSocket::OnRead(ssize_t size) {
  CHECK(events_ != nullptr && state_ != State::kClosed, "a closed socket does not read");
  if (size == 0) return;  // libuv's EAGAIN
  if (size == UV_ENOBUFS) return events_->OnNoRoom();
  if (size > 0) {
    CHECK(static_cast<size_t>(size) <= limits::kReadBufferBytes);
    if (state_ != State::kOpen) return AwaitDropTurn();
    events_->OnBytes(ByteView(loop_->read_buffer.get(), static_cast<size_t>(size)));
    return;
  }
  if (state_ == State::kLingering) return Finish({});
  if (size != UV_EOF) return Finish(Lost(static_cast<int>(size)));
  peer_ended_ = true;
  UpdateReading();
  if (state_ == State::kOpen) events_->OnEnd();
}

void TcpSocket::AwaitDropTurn() {
  CHECK(state_ != State::kClosed && !awaits_drop_turn_);
  awaits_drop_turn_ = true;
  UpdateReading();
  loop_->drop_turns.Await(this);
}

void TcpSocket::TakeDropTurn() {
  CHECK(awaits_drop_turn_);
  awaits_drop_turn_ = false;
  UpdateReading();
}

std::optional<size_t> TcpSocket::SendNow(ByteView bytes, int flags) {
  // Not uv_try_write, which would raise SIGPIPE where the loop is not running.
  const ssize_t result = send(Descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL | flags);
  if (result >= 0) return static_cast<size_t>(result);
  if (errno == EAGAIN || errno == EINTR) return 0;
  Finish(Lost(uv_translate_sys_error(errno)));
  return std::nullopt;
}

void TcpSocket::Send(Bytes bytes) {
  if (state_ != State::kOpen || bytes.empty()) return;
  QueueFile(file_.size);
  size_t sent = 0;
  if (unsent_bytes() == 0) {
    const std::optional<size_t> now = SendNow(bytes, 0);
    if (!now || *now == bytes.size()) return;
    sent = *now;
  }
  Queue(std::move(bytes), sent);
}

void TcpSocket::Queue(Bytes bytes, size_t sent) {
  if (state_ != State::kOpen) return;
  auto* const write = new Write{.socket = this, .bytes = std::move(bytes)};
  write->request.data = write;
  const uv_buf_t rest =
      uv_buf_init(write->bytes.data() + sent, static_cast<unsigned>(write->bytes.size() - sent));
  unsent_memory_ += write->memory();
  const int error = uv_write(&write->request, stream(), &rest, 1, [](uv_write_t* request, int e) {
    std::unique_ptr<Write> done(static_cast<Write*>(request->data));
    TcpSocket* const socket = done->socket;
    CHECK(socket->unsent_memory_ >= done->memory());
    socket->unsent_memory_ -= done->memory();
    done.reset();
    socket->OnWritten(e);
  });
  if (error != 0) {
    unsent_memory_ -= write->memory();
    delete write;
    Finish(Lost(error));
  }
}

void TcpSocket::SendFile(Bytes head, FileRange range) {
  if (state_ != State::kOpen) return;
  QueueFile(file_.size);
  if (unsent_bytes() == 0) {
    // One packet with the first bytes of the file.
    const std::optional<size_t> now = SendNow(head, MSG_MORE);
    if (!now) return;
    head.erase(0, *now);
  }
  Send(std::move(head));
  file_ = std::move(range);
  SendFileOn();
}

void TcpSocket::SendFileOn() {
  while (state_ == State::kOpen && tcp_.write_queue_size == 0 && file_.size > 0) {
    auto offset = static_cast<off_t>(file_.offset);
    const ssize_t sent = sendfile(Descriptor(), file_.descriptor, &offset, file_.size);
    if (sent < 0 && errno == EINTR) continue;
    // libuv says when the kernel takes more, if something is queued.
    if (sent < 0 && errno == EAGAIN) return QueueFile(limits::kUnsentBulkBytes);
    // The frame has begun: without these bytes nothing more can be sent.
    if (sent <= 0) return Finish(Lost(sent < 0 ? uv_translate_sys_error(errno) : UV_EIO));
    file_.offset += static_cast<uint64_t>(sent);
    file_.size -= static_cast<size_t>(sent);
  }
  if (file_.size == 0) file_ = {};
}

void TcpSocket::QueueFile(size_t bytes) {
  FileRange part = file_;
  part.size = std::min(part.size, bytes);
  if (part.size == 0) return;
  file_.offset += part.size;
  file_.size -= part.size;
  std::optional<Bytes> read = ReadRange(part);
  if (!read) return Finish(Lost(UV_EIO));
  Queue(std::move(*read), 0);
}

void TcpSocket::OnWritten(int error) {
  if (state_ == State::kClosed) return;
  if (error != 0) return Finish(Lost(error));
  SendFileOn();
  if (events_ != nullptr && state_ != State::kClosed) events_->OnSent();
}

void TcpSocket::Close() {
  if (state_ != State::kOpen) return;
  QueueFile(file_.size);
  if (state_ != State::kOpen) return;  // the file cannot be read
  state_ = State::kFlushing;
  shutdown_.data = this;
  const int error = uv_shutdown(&shutdown_, stream(), [](uv_shutdown_t* request, int e) {
    static_cast<TcpSocket*>(request->data)->OnShutdown(e);
  });
  if (error != 0) return Finish(Lost(error));
  UpdateReading();
}

void TcpSocket::OnShutdown(int error) {
  if (state_ == State::kClosed) return;
  CHECK(state_ == State::kFlushing);
  if (error != 0) return Finish(Lost(error));
  CHECK(unsent_bytes() == 0, "the end of the stream follows its last byte");
  if (peer_ended_ || events_ == nullptr) return Finish({});
  state_ = State::kLingering;
  linger_ = StartUvTimer(loop_, limits::kLingerMillis, 0, [this] { Finish({}); });
}

void TcpSocket::Abort(Status status) {
  if (state_ == State::kClosed) return;
  // With a linger time of zero, the kernel drops what it holds for a peer that does not receive.
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(Descriptor(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  Finish(std::move(status));
}

void TcpSocket::Drop() {
  events_ = nullptr;
  closed_ = nullptr;
  Finish({});
}

// OnClosed is called from libuv's close callback, so never from within a call of the user.
void TcpSocket::Finish(Status status) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  file_ = {};
  status_ = std::move(status);
  linger_.reset();
  if (awaits_drop_turn_) loop_->drop_turns.Remove(this);
  CHECK(loop_->IsOwnedByThisThread());
  uv_close(reinterpret_cast<uv_handle_t*>(&tcp_),
           [](uv_handle_t* handle) { static_cast<TcpSocket*>(handle->data)->OnHandleClosed(); });
}

void TcpSocket::OnHandleClosed() {
  CHECK(state_ == State::kClosed);
  CHECK(unsent_memory_ == 0, "libuv cancels all writes before it closes a handle");
  TransportEvents* const events = events_;
  const Status status = std::move(status_);
  const std::function<void()> closed = std::move(closed_);
  delete this;
  if (closed) closed();
  if (events != nullptr) events->OnClosed(status);
}

TcpTransport::TcpTransport(TcpSocket* socket) : socket_(socket) {
  if (const auto peer = EndOf(socket->tcp(), uv_tcp_getpeername)) peer_ = peer->ToString();
}

TcpTransport::~TcpTransport() {
  if (socket_ != nullptr) socket_->Drop();
}

void TcpTransport::Start(TransportEvents* events) {
  if (socket_ != nullptr) socket_->Start(events, [this] { socket_ = nullptr; });
}

void TcpTransport::Send(Bytes bytes) {
  if (socket_ != nullptr) socket_->Send(std::move(bytes));
}

void TcpTransport::SendFile(Bytes head, const FileRange& range) {
  if (socket_ != nullptr) socket_->SendFile(std::move(head), range);
}

size_t TcpTransport::unsent_bytes() const {
  return socket_ == nullptr ? 0 : socket_->unsent_bytes();
}

size_t TcpTransport::unsent_memory() const {
  return socket_ == nullptr ? 0 : socket_->unsent_memory();
}

void TcpTransport::PauseReading() {
  if (socket_ != nullptr) socket_->SetPaused(true);
}

void TcpTransport::ResumeReading() {
  if (socket_ != nullptr) socket_->SetPaused(false);
}

void TcpTransport::Close() {
  if (socket_ != nullptr) socket_->Close();
}

void TcpTransport::Abort() {
  if (socket_ != nullptr) socket_->Abort({});
}

}  // namespace smile
