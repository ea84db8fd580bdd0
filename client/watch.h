// Watches of a client: changes of records as they happen. Client::Watch starts one; WatchReader
// (client/watch_reader.h) is the same for a thread that waits.
//
// A watch goes on over lost connections and restarts of the server: it is started again after the
// last version that it was told of. What happened meanwhile is told if the server still has it in
// memory; otherwise there is a gap (WatchedEvent::kGap), and whoever reads the partitions then, and
// goes on with the events, has missed nothing. An event may be told twice, never out of order.
#pragma once

#include <functional>
#include <memory>

#include "base/status.h"
#include "client/answer.h"
#include "protocol/watch_operations.h"

namespace smile {

// Called on the client's thread, one at a time, none after the watch was destroyed: they must not
// block, and may make calls and destroy the watch.
struct WatchCallbacks {
  // A message of the watch, always with a response. kStarted comes first, and again each time that
  // the watch was started again; kEnded does not come.
  std::function<void(Answer<op::Watch>)> event;
  // The watch was interrupted and will be started again; may be empty.
  std::function<void(const Status&)> interrupted = {};
  // The watch has ended: it was rejected for good, or the client is destroyed. May be empty.
  std::function<void(const Status&)> ended = {};
};

// A watch, which ends when this is destroyed. May outlive its client. Any thread.
class Watch {
 public:
  // What it shares with its call; internal.
  class Shared;

  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  friend class Client;
  Watch(std::shared_ptr<Shared> shared, std::function<void()> cancel);

  const std::shared_ptr<Shared> shared_;
  const std::function<void()> cancel_;
};

}  // namespace smile
