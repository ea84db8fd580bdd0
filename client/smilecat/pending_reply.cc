#include "client/smilecat/pending_reply.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "base/check.h"

namespace smile::cat {

PendingReply::PendingReply() : ready_(::eventfd(0, EFD_CLOEXEC)) {
  CHECK(ready_ >= 0);
}

PendingReply::~PendingReply() {
  ::close(ready_);
}

void PendingReply::Set(Reply reply) {
  const std::lock_guard lock(mutex_);
  reply_ = std::move(reply);
  CHECK(::eventfd_write(ready_, 1) == 0);
}

Reply PendingReply::Wait() {
  while (true) {
    if (std::optional<Reply> reply = WaitOr(-1, -1); reply.has_value()) return std::move(*reply);
  }
}

std::optional<Reply> PendingReply::WaitOr(int other, int64_t timeout_millis) {
  pollfd ready[] = {{.fd = ready_, .events = POLLIN}, {.fd = other, .events = POLLIN}};
  ::poll(ready, 2, static_cast<int>(timeout_millis));
  if (ready[0].revents == 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return std::exchange(reply_, std::nullopt);
}

}  // namespace smile::cat
