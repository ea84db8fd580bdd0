// A socket that sends and receives bytes, waiting for them: no library of ours on the client's
// side, so that a test sees just what the server does.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

#include <gtest/gtest.h>

#include "tests/server/session_fixture.h"

namespace smile {

class RawClient {
 public:
  explicit RawClient(uint16_t port, int receive_buffer_bytes = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer_bytes != 0) {
      setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                 sizeof(receive_buffer_bytes));
    }
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False if the server has closed.
  bool Send(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void EndSending() { ::shutdown(socket_, SHUT_WR); }

  // Bytes the kernel takes without waiting; stops when it takes no more.
  size_t SendWithoutWaiting(ByteView bytes) {
    size_t total = 0;
    while (total < bytes.size()) {
      const ssize_t sent =
          ::send(socket_, bytes.data() + total, bytes.size() - total, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0) break;
      total += static_cast<size_t>(sent);
    }
    return total;
  }

  // The next reply; code kUnavailable if the server closes instead.
  ReceivedReply Receive() {
    Bytes bytes = ReceiveExactly(kFrameHeaderBytes);
    if (bytes.size() < kFrameHeaderBytes) return {.code = Code::kUnavailable};
    const FrameHeader header = LoadFrameHeader(bytes);
    bytes += ReceiveExactly(header.length - kFrameHeaderBytes);
    return ParseReplies(bytes).at(0);
  }

  // Whether the server closes without another byte.
  bool ReceivesEnd() { return ReceiveExactly(1).empty(); }

  ReceivedReply Ask(ByteView frame) {
    Send(frame);
    return Receive();
  }

 private:
  Bytes ReceiveExactly(size_t size) {
    Bytes bytes(size, '\0');
    size_t received = 0;
    while (received < size) {
      const ssize_t more = ::recv(socket_, bytes.data() + received, size - received, 0);
      if (more <= 0) break;
      received += static_cast<size_t>(more);
    }
    bytes.resize(received);
    return bytes;
  }

  const int socket_;
};

}  // namespace smile
