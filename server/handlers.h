// Execution of each operation. The handlers of a family of operations (protocol/operations.h) are
// one class. A row without a handler does not compile; it needs these functions in its family's:
//
//   Check(row, request)            kInvalid or kTooLarge for a request that is never valid
//   TryNow(row, request, reply)    true if it was answered without waiting; may be absent
//   Start(row, request, deadline, responder)   otherwise: starts work that answers later
//
// Those of LookupOperations (server/lookup_run.h) need in addition, or instead of TryNow:
//
//   LookupOf(row, request)         the key of the record that answers the request; none: several do
//   AnswerFrom(row, request, result, record, reply)   true if that record, found or absent, does
//
// TryNow and Start of MGET also pass on what TryNow found (KnownResults). HELLO, WATCH and
// CANCEL are part of the session's state and are handled there. Handlers have no state and are
// shared by all workers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/status.h"
#include "protocol/operations.h"
#include "server/admin_handlers.h"
#include "server/connection_handlers.h"
#include "server/counter_handlers.h"
#include "server/feed_handlers.h"
#include "server/key_results.h"
#include "server/link_handlers.h"
#include "server/login_handlers.h"
#include "server/lookup_run.h"
#include "server/media_handlers.h"
#include "server/record_handlers.h"
#include "server/reply.h"
#include "server/responder.h"
#include "server/services.h"
#include "server/session_handlers.h"
#include "server/user_handlers.h"
#include "storage/engine.h"

namespace smile {

// On the session's thread, except where said otherwise.
class Handlers {
 public:
  // `server_stats` returns the server's own part of STATS. Any thread.
  Handlers(Engine& engine, const Services& services, const Clock& clock,
           std::function<EngineStats()> server_stats)
      : engine_(engine),
        connection_(engine),
        records_(engine, clock),
        media_(services.media),
        links_(services.links),
        logins_(services.logins, services.allow_credential_export),
        sessions_(services.sessions),
        users_(services.users),
        feeds_(services.feeds),
        counters_(engine, clock),
        watches_(services.watches),
        admin_(engine, std::move(server_stats)) {}

  template <class Row>
  Status Check(Row row, const typename Row::Request& request) const {
    return FamilyOf<Row>().Check(row, request);
  }

  // `known`, which is empty, receives what was found if not all was.
  template <class Row>
  bool TryNow(Row row, const typename Row::Request& request, Reply* reply,
              KnownResults* known) const {
    const auto& family = FamilyOf<Row>();
    if constexpr (std::is_same_v<Row, op::MGet>) {
      return family.TryNow(row, request, reply, known);
    } else {
      if constexpr (requires { family.TryNow(row, request, reply); }) {
        return family.TryNow(row, request, reply);
      } else if constexpr (LookupOperations::kContains<Row>) {
        const auto key = LookupOf(row, request);
        return key && TryLookup(row, request, *key, reply);
      }
      return false;
    }
  }

  template <class Row>
  std::optional<LookupKey> LookupOf(Row row, const typename Row::Request& request) const {
    return FamilyOf<Row>().LookupOf(row, request);
  }

  // `result` is not kUnknown; `record` is as in PeekEach. True: it was answered.
  template <class Row>
  bool AnswerFrom(Row row, const typename Row::Request& request, PeekResult result,
                  const RecordView& record, Reply* reply) const {
    CHECK(result != PeekResult::kUnknown);
    return FamilyOf<Row>().AnswerFrom(row, request, result, record, reply);
  }

  template <class Row>
  void Start(Row row, const typename Row::Request& request, KnownResults known, int64_t deadline,
             Responder to) const {
    const auto& family = FamilyOf<Row>();
    if constexpr (std::is_same_v<Row, op::MGet>) {
      family.Start(row, request, std::move(known), deadline, std::move(to));
    } else {
      family.Start(row, request, deadline, std::move(to));
    }
  }

  // As Engine::PeekMany.
  void PeekMany(std::span<const KeyView> keys, PeekEach each) const {
    engine_.PeekMany(keys, each);
  }

  // What watches are told from.
  WatchHub* watches() const { return &watches_; }

 private:
  template <class Row>
  bool TryLookup(Row row, const typename Row::Request& request, const LookupKey& key,
                 Reply* reply) const {
    bool answered = false;
    const PeekResult result = engine_.Peek(key.view(), [&](const RecordView& record) {
      answered = AnswerFrom(row, request, PeekResult::kFound, record, reply);
    });
    if (result == PeekResult::kAbsent) answered = AnswerFrom(row, request, result, {}, reply);
    return answered;
  }

  template <class Row>
  const auto& FamilyOf() const {
    if constexpr (ConnectionOperations::kContains<Row>) {
      return connection_;
    } else if constexpr (RecordOperations::kContains<Row>) {
      return records_;
    } else if constexpr (MediaOperations::kContains<Row>) {
      return media_;
    } else if constexpr (LinkOperations::kContains<Row>) {
      return links_;
    } else if constexpr (LoginOperations::kContains<Row>) {
      return logins_;
    } else if constexpr (SessionOperations::kContains<Row>) {
      return sessions_;
    } else if constexpr (UserOperations::kContains<Row>) {
      return users_;
    } else if constexpr (FeedOperations::kContains<Row>) {
      return feeds_;
    } else if constexpr (CounterOperations::kContains<Row>) {
      return counters_;
    } else {
      static_assert(AdminOperations::kContains<Row>, "each family needs its handlers here");
      return admin_;
    }
  }

  Engine& engine_;
  const ConnectionHandlers connection_;
  const RecordHandlers records_;
  const MediaHandlers media_;
  const LinkHandlers links_;
  const LoginHandlers logins_;
  const SessionHandlers sessions_;
  const UserHandlers users_;
  const FeedHandlers feeds_;
  const CounterHandlers counters_;
  WatchHub& watches_;
  const AdminHandlers admin_;
};

}  // namespace smile
