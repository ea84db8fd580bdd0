// For tests: a process with all services, on backends that stop after some calls, as in a crash.
#pragma once

#include <cstdint>
#include <utility>

#include "base/clock.h"
#include "base/random_bytes.h"
#include "service/sweeper.h"
#include "service/users/user_service.h"
#include "tests/service/stopping_backends.h"
#include "tests/support/memory_services.h"

namespace smile::testing {

inline constexpr uint64_t kAda = 42;

struct PeopleProcess {
  PeopleProcess(Engine* engine_below, ContentStore* store_below, const Clock& clock, int64_t calls)
      : budget(calls),
        engine(engine_below, &budget, /*writes_together=*/true),
        store(store_below, &budget),
        hasher(kCheapHashes, clock),
        media(engine, store, clock, RandomContentId),
        links(engine, clock),
        sessions(engine, clock, RandomBytes),
        logins(engine, hasher, sessions, clock, RandomBytes),
        users(engine, media, links, logins, sessions, clock),
        sweeper(
            engine, clock, [this](WorkItem item) { return Finish(std::move(item)); },
            [this] { return media.ReleaseDoubtful(); }) {}
  ~PeopleProcess() { hasher.Stop(); }

  Task<Status> Finish(WorkItem item) const {
    if (item.kind == WorkKind::kErase) return users.Finish(std::move(item));
    if (item.kind == WorkKind::kRevoke) return sessions.Finish(std::move(item));
    return media.Finish(std::move(item));
  }

  CallBudget budget;
  StoppingEngine engine;
  StoppingContentStore store;
  PasswordHasher hasher;
  const MediaService media;
  const LinkService links;
  const SessionService sessions;
  const LoginService logins;
  const UserService users;
  Sweeper sweeper;
};

}  // namespace smile::testing
