// Closed sockets drop what their peers still send. Each takes a turn, one read per turn, so that
// many peers that send at the same time do not make a turn of the loop long. For net/ only.
#pragma once

#include <uv.h>
#include <deque>

namespace smile {

class TcpSocket;

// One per loop, used by its thread.
class DropTurns {
 public:
  void Open(uv_loop_t* loop);
  // Before the loop is closed; libuv then completes the closing.
  void Close();

  // A closed socket has read, and stops reading until its next turn.
  void Await(TcpSocket* socket);
  // The socket no longer reads.
  void Remove(TcpSocket* socket);

 private:
  void Take();

  uv_idle_t idle_{};  // runs once in each turn of the loop, while a socket waits
  std::deque<TcpSocket*> waiting_;
};

}  // namespace smile
