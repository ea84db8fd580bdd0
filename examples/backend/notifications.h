// What happens to a person right now: what a page with her name on it would show by itself. One
// watch, over the connection that everything else uses.
#pragma once

#include <cstdint>
#include <optional>

#include <smile/client.h>
#include <smile/watch_reader.h>

struct Notification {
  enum class Kind : uint8_t {
    kNewFriend,
    kLikes,   // there are more
    kMissed,  // something may have happened that nobody told: look at friends and likes
  };
  Kind kind = Kind::kMissed;
  uint64_t who = 0;   // the new friend
  int64_t likes = 0;  // how many there are now
};

class Notifications {
 public:
  // From soon on: what happens before the server has begun the watch is not told. `client` outlives
  // it.
  Notifications(smile::Client* client, uint64_t user);

  // Waits for the next one, for up to `millis`; empty if there is none.
  smile::Result<std::optional<Notification>> Next(int64_t millis);

 private:
  smile::WatchReader reader_;
};
