// The watches of one connection: what they are told becomes replies to their WATCH requests. For
// the session's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "base/clock.h"
#include "base/status.h"
#include "protocol/watch_operations.h"
#include "service/watches/watch_group.h"

namespace smile {

class SessionWatches {
 public:
  // Where the replies go; may be called within all functions but the destructor, and by the group.
  struct Output {
    // Writes a message; without a value, its checksum is that of none. False: the client takes its
    // messages too slowly; not if it is the last.
    std::function<bool(uint32_t id, const op::Watch::Response&, bool is_last)> write;
    // Writes an error as the last message.
    std::function<void(uint32_t id, const Status&)> fail;
  };

  // `group` and `clock` outlive it.
  SessionWatches(WatchGroup* group, const Clock* clock, Output output);
  // The watches end without a message.
  ~SessionWatches();
  SessionWatches(const SessionWatches&) = delete;
  SessionWatches& operator=(const SessionWatches&) = delete;

  // Starts the watch of the request `id`, which has none yet. As WatchGroup::Watch; if it is ok,
  // the first messages were written.
  Status Start(uint32_t id, const op::Watch::Request& request);

  bool Contains(uint32_t id) const { return sinks_.contains(id); }
  bool empty() const { return sinks_.empty(); }

  // Ends a watch with a last message. False if there is none of this request.
  bool Cancel(uint32_t id);
  // The same for all watches; the last message is an error unless `why` is ok.
  void EndAll(const Status& why);

  // Called about once per second: tells watches that were told nothing for a while how far they
  // are.
  void Tick();

 private:
  class Sink;
  using Sinks = std::unordered_map<uint32_t, std::unique_ptr<Sink>>;  // by request id

  // Ends a watch with a last message, which is an error unless `why` is ok.
  void End(Sinks::iterator watch, const Status& why);

  WatchGroup* const group_;
  const Clock& clock_;
  const Output output_;
  Sinks sinks_;
};

}  // namespace smile
