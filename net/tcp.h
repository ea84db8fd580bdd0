// TCP as a Transport, on libuv. For net/ only; others use EventLoop.
#pragma once

#include <uv.h>
#include <memory>
#include <optional>
#include <string>

#include "net/transport.h"
#include "net/uv_loop.h"

namespace smile {

// The address of an endpoint that needs no lookup; kInvalid for names other than "localhost".
Result<sockaddr_storage> NumericAddress(const Endpoint& endpoint);

// A socket and all state that libuv may use after its user has released it; it deletes itself when
// libuv is done. Its user is a TcpTransport, or a TcpConnect before that.
class TcpSocket {
 public:
  explicit TcpSocket(UvLoop* loop);
  TcpSocket(const TcpSocket&) = delete;
  TcpSocket& operator=(const TcpSocket&) = delete;

  uv_tcp_t* tcp() { return &tcp_; }
  size_t unsent_bytes() const { return tcp_.write_queue_size + file_.size; }
  size_t unsent_memory() const { return unsent_memory_; }

  // `closed` is called last, just before the socket is deleted.
  void Start(TransportEvents* events, std::function<void()> closed);
  void Send(Bytes bytes);
  void SendFile(Bytes head, FileRange range);
  void SetPaused(bool paused);
  void Close();
  // Ends the connection now, with `status` for OnClosed.
  void Abort(Status status);
  // Ends the connection now; no event follows.
  void Drop();

  // After Close(): reads once more, see DropTurns.
  void TakeDropTurn();

 private:
  enum class State : uint8_t {
    kOpen,
    kFlushing,   // after Close(), until all bytes are sent
    kLingering,  // all is sent; bytes from the peer are dropped until it ends, too
    kClosed,     // libuv is closing the handle
  };
  struct Write;

  ~TcpSocket() = default;
  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&tcp_); }
  int Descriptor() const;
  // What of the bytes the kernel takes at once, with these flags; none if the connection was lost.
  std::optional<size_t> SendNow(ByteView bytes, int flags);
  // Sends what the kernel takes of file_.
  void SendFileOn();
  // Queues so many bytes of file_, which are read.
  void QueueFile(size_t bytes);
  void Queue(Bytes bytes, size_t sent);
  void UpdateReading();
  size_t MostBytes() const;
  void OnRead(ssize_t size);
  void AwaitDropTurn();
  void OnWritten(int error);
  void OnShutdown(int error);
  void Finish(Status status);
  void OnHandleClosed();

  UvLoop* const loop_;
  uv_tcp_t tcp_{};
  uv_shutdown_t shutdown_{};
  State state_ = State::kOpen;
  bool reading_ = false;
  bool paused_ = false;
  bool peer_ended_ = false;
  bool awaits_drop_turn_ = false;
  size_t unsent_memory_ = 0;
  FileRange file_;  // that is sent after what is queued
  TransportEvents* events_ = nullptr;
  std::function<void()> closed_;
  std::unique_ptr<Timer> linger_;
  Status status_;
};

class TcpTransport final : public Transport {
 public:
  // Takes ownership of a connected socket.
  explicit TcpTransport(TcpSocket* socket);
  ~TcpTransport() override;

  void Start(TransportEvents* events) override;
  void Send(Bytes bytes) override;
  void SendFile(Bytes head, const FileRange& range) override;
  size_t unsent_bytes() const override;
  size_t unsent_memory() const override;
  void PauseReading() override;
  void ResumeReading() override;
  void Close() override;
  void Abort() override;
  std::string peer() const override { return peer_; }

 private:
  TcpSocket* socket_;  // null after the connection has ended
  std::string peer_;
};

}  // namespace smile
