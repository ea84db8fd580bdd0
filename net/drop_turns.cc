#include "net/drop_turns.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "net/tcp.h"

namespace smile {

void DropTurns::Open(uv_loop_t* loop) {
  CHECK(uv_idle_init(loop, &idle_) == 0);
  idle_.data = this;
}

void DropTurns::Close() {
  CHECK(waiting_.empty(), "sockets are closed before their loop");
  uv_close(reinterpret_cast<uv_handle_t*>(&idle_), nullptr);
}

void DropTurns::Await(TcpSocket* socket) {
  waiting_.push_back(socket);
  const int error =
      uv_idle_start(&idle_, [](uv_idle_t* idle) { static_cast<DropTurns*>(idle->data)->Take(); });
  CHECK(error == 0);
}

void DropTurns::Remove(TcpSocket* socket) {
  std::erase(waiting_, socket);
}

void DropTurns::Take() {
  for (size_t i = 0; i < limits::kDropsPerTurn && !waiting_.empty(); ++i) {
    TcpSocket* const socket = waiting_.front();
    waiting_.pop_front();
    socket->TakeDropTurn();
  }
  if (waiting_.empty()) uv_idle_stop(&idle_);
}

}  // namespace smile
