// Handlers of the operations on records; see server/handlers.h.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/status.h"
#include "protocol/record_operations.h"
#include "server/key_results.h"
#include "server/lookup_run.h"
#include "server/reply.h"
#include "server/responder.h"
#include "storage/engine.h"

namespace smile {

class RecordHandlers {
 public:
  RecordHandlers(Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}

  Status Check(op::Get, const op::Get::Request& request) const;
  Status Check(op::MGet, const op::MGet::Request& request) const;
  Status Check(op::Put, const op::Put::Request& request) const;
  Status Check(op::Delete, const op::Delete::Request& request) const;
  Status Check(op::Batch, const op::Batch::Request& request) const;
  Status Check(op::Scan, const op::Scan::Request& request) const;
  Status Check(op::List, const op::List::Request& request) const;

  static std::optional<LookupKey> LookupOf(op::Get, const op::Get::Request& request);
  static bool AnswerFrom(op::Get, const op::Get::Request&, PeekResult result,
                         const RecordView& record, Reply* reply);

  bool TryNow(op::MGet, const op::MGet::Request& request, Reply* reply, KnownResults* known) const;
  bool TryNow(op::Scan, const op::Scan::Request& request, Reply* reply) const;

  void Start(op::Get, const op::Get::Request& request, int64_t deadline, Responder to) const;
  void Start(op::MGet, const op::MGet::Request& request, KnownResults known, int64_t deadline,
             Responder to) const;
  void Start(op::Put, const op::Put::Request& request, int64_t deadline, Responder to) const;
  void Start(op::Delete, const op::Delete::Request& request, int64_t deadline, Responder to) const;
  void Start(op::Batch, const op::Batch::Request& request, int64_t deadline, Responder to) const;
  void Start(op::Scan, const op::Scan::Request& request, int64_t deadline, Responder to) const;
  void Start(op::List, const op::List::Request& request, int64_t deadline, Responder to) const;

 private:
  uint64_t ExpiryOf(uint32_t expire_seconds) const;

  Engine& engine_;
  const Clock& clock_;
};

}  // namespace smile
