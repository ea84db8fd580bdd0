// A watch for a thread that waits for its events.
//
//   smile::WatchReader reader(client.get(), {.partitions = {partition}, .values = true});
//   const auto event = reader.Next(1000);  // again and again
//   if (!event.ok()) return Fail(event.status().ToString());
//   if (event->has_value()) Show(***event);
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "client/client.h"

namespace smile {

// The events of a watch, one by one. One thread at a time, not the client's own.
class WatchReader {
 public:
  // Starts the watch. `client` outlives this object, which keeps copies of the request's bytes.
  WatchReader(Client* client, const op::Watch::Request& request);
  ~WatchReader();
  WatchReader(const WatchReader&) = delete;
  WatchReader& operator=(const WatchReader&) = delete;

  // Waits for the next event, up to `millis`; empty if there is none by then. A failure means that
  // the watch has ended. A reader that falls behind by thousands of events pauses its watch, which
  // goes on when it has read them, if need be with a gap.
  Result<std::optional<Answer<op::Watch>>> Next(int64_t millis);

 private:
  class Queue;
  void Start();

  Client* const client_;
  std::vector<Bytes> ids_;  // of the partitions
  op::Watch::Request request_;
  const std::shared_ptr<Queue> queue_;
  std::unique_ptr<Watch> watch_;
};

}  // namespace smile
