// Handlers of the operation on feeds; see server/handlers.h.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "protocol/feed_operations.h"
#include "server/responder.h"
#include "service/feeds/feed_service.h"

namespace smile {

class FeedHandlers {
 public:
  explicit FeedHandlers(const FeedService& feeds) : feeds_(feeds) {}

  Status Check(op::Feed, const op::Feed::Request& request) const;
  void Start(op::Feed, const op::Feed::Request& request, int64_t deadline, Responder to) const;

 private:
  const FeedService& feeds_;
};

}  // namespace smile
