// For the models of connections: what sessions on an engine share, in one thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

#include "base/clock.h"
#include "base/memory_budget.h"
#include "server/session.h"
#include "storage/engine.h"
#include "tests/support/memory_services.h"

namespace smile::testing {

struct SessionParts {
  // Both outlive it.
  SessionParts(Engine& engine, const Clock& clock)
      : services(engine, clock),
        handlers(engine, services.services(), clock, [] { return EngineStats(); }),
        group(handlers.watches(), [] {}),
        shared{.handlers = handlers,
               .clock = clock,
               .metrics = metrics,
               .memory = pool,
               .discarded = discarded,
               .watches = group,
               .post = [this](std::function<void()> task) { posted.push_back(std::move(task)); }} {}
  SessionParts(const SessionParts&) = delete;
  SessionParts& operator=(const SessionParts&) = delete;

  // What sessions have posted, in order.
  void RunPosted() {
    while (!posted.empty()) {
      std::exchange(posted.front(), nullptr)();
      posted.pop_front();
    }
  }

  MemoryBudget budget{size_t{1} << 28};
  MemoryPool pool{&budget};
  MemoryServices services;
  const Handlers handlers;
  WorkerMetrics metrics;
  DiscardedInput discarded{&pool, &metrics.memory_input};
  WatchGroup group;
  std::deque<std::function<void()>> posted;
  const Session::Shared shared;
};

}  // namespace smile::testing
