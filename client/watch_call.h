// The call of a watch: it stays in flight, and is answered by many replies. When it is sent again,
// it asks for what follows the last version that it was told of.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "client/pending_call.h"
#include "client/watch.h"

namespace smile {

// What a watch and its call have in common.
class Watch::Shared {
 public:
  explicit Shared(WatchCallbacks callbacks) : callbacks_(std::move(callbacks)) {}

  void Event(Answer<op::Watch> answer);
  void Interrupted(const Status& why);
  void Ended(const Status& why);
  // Returns when no callback runs, unless it is called by one.
  void Leave();

 private:
  std::recursive_mutex mutex_;  // a callback may destroy the watch
  WatchCallbacks callbacks_;    // guarded by mutex_
  bool left_ = false;           // likewise: nobody is told any more
};

class WatchCall final : public PendingCall {
 public:
  // `stream` identifies it; not 0.
  WatchCall(const op::Watch::Request& request, uint64_t stream,
            std::shared_ptr<Watch::Shared> shared);

  uint64_t stream() const override { return stream_; }
  std::vector<uint64_t> Partitions() const override { return {}; }
  void PrepareToSend() override;
  Status AcceptMore(ByteView body) override;
  void OnInterrupted(const Status& why) override;
  Status Accept(ByteView body) override;
  void Fail(Status status, const ErrorDetail& detail) override;

 private:
  const uint64_t stream_;
  const std::shared_ptr<Watch::Shared> shared_;
  uint64_t version_;  // it was told all changes up to this one; 0: it has not started
};

}  // namespace smile
