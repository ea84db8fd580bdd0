// A reply that is waited for, together with other things if need be.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "client/smilecat/reply.h"

namespace smile::cat {

// Shared by whoever waits and the client's callback, which may come when nobody waits any more.
class PendingReply {
 public:
  PendingReply();
  ~PendingReply();
  PendingReply(const PendingReply&) = delete;
  PendingReply& operator=(const PendingReply&) = delete;

  // Any thread, once.
  void Set(Reply reply);

  // Waits until the reply is there; taken once.
  Reply Wait();

  // Waits until the reply is there, `other` is readable (-1: nothing else is waited for), or
  // `timeout_millis` are over (-1: no limit). None: the reply is not there.
  std::optional<Reply> WaitOr(int other, int64_t timeout_millis);

 private:
  const int ready_;  // an eventfd
  std::mutex mutex_;
  std::optional<Reply> reply_;
};

}  // namespace smile::cat
