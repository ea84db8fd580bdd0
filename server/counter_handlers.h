// Handlers of the operation on number records; see server/handlers.h.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/status.h"
#include "protocol/counter_operations.h"
#include "server/responder.h"
#include "storage/engine.h"

namespace smile {

// An addition with a token writes a record of the token together with the sum, on the condition
// that there is none. So the engine makes it at most once, also across restarts, until the record
// of the token expires (limits::kTokenKeptMillis).
class CounterHandlers {
 public:
  CounterHandlers(Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}

  Status Check(op::Add, const op::Add::Request& request) const;
  void Start(op::Add, const op::Add::Request& request, int64_t deadline, Responder to) const;

 private:
  // `mark` is for the record of the token, if there is one.
  WriteRequest RequestOf(const op::Add::Request& request, ByteView mark, int64_t deadline,
                         uint64_t source) const;

  Engine& engine_;
  const Clock& clock_;
};

}  // namespace smile
