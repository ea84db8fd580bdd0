// For tests: all services on an engine, with content in memory and cheap hashes.
#pragma once

#include "base/clock.h"
#include "base/random_bytes.h"
#include "server/services.h"
#include "tests/support/memory_media.h"

namespace smile {

inline constexpr HasherOptions kCheapHashes = {.params = {.memory_kib = 8, .passes = 1, .lanes = 1},
                                               .threads = 0};

struct MemoryServices {
  MemoryServices(Engine& engine, const Clock& clock)
      : media(engine, clock),
        links(engine, clock),
        feeds(engine, links),
        hasher(kCheapHashes, clock),
        sessions(engine, clock, RandomBytes),
        logins(engine, hasher, sessions, clock, RandomBytes),
        users(engine, media.service, links, logins, sessions, clock) {}

  Services services() {
    return {.media = media.service,
            .links = links,
            .logins = logins,
            .sessions = sessions,
            .users = users,
            .feeds = feeds,
            .watches = watches};
  }

  MemoryMedia media;
  const LinkService links;
  const FeedService feeds;
  PasswordHasher hasher;
  const SessionService sessions;
  const LoginService logins;
  const UserService users;
  WatchHub watches;  // tests that use it let it observe the engine
};

}  // namespace smile
