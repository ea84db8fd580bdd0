// Execution of each operation. A row of protocol/operations.h needs three functions here, and does
// not compile without them:
//
//   Check(row, request)              kInvalid or kTooLarge for a request that is never valid
//   TryNow(row, request, reply, known)   true if it was answered without waiting; otherwise an MGET
//                                        stores in `known`, which is empty, what it found
//   Start(row, request, known, deadline, responder)   otherwise: starts work that answers later
//
// HELLO is part of the session's state and is handled there. Handlers have no state and are shared
// by all workers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/function_ref.h"
#include "base/memory_budget.h"
#include "base/status.h"
#include "protocol/operations.h"
#include "server/key_results.h"
#include "server/reply.h"
#include "storage/engine.h"

namespace smile {

class Session;

// Posts a task to the thread of the session. Any thread may call; the task never runs before the
// call returns.
using Poster = std::function<void(std::function<void()>)>;

// Answers one request later, from any thread, exactly once.
class Responder {
 public:
  // `source` and `caller` of the session, for the engine. `memory`: the pool from which the
  // request's `bytes` were taken, in case the session ends before the answer.
  Responder(std::weak_ptr<Session> session, uint64_t source, std::shared_ptr<const Caller> caller,
            const Poster* post, MemoryPool* memory, uint32_t bytes, uint32_t id)
      : session_(std::move(session)),
        source_(source),
        caller_(std::move(caller)),
        post_(post),
        memory_(memory),
        bytes_(bytes),
        id_(id) {}

  uint64_t source() const { return source_; }
  const std::shared_ptr<const Caller>& caller() const { return caller_; }

  // For the result of a read. Called before the read starts, on the session's thread.
  std::shared_ptr<ReadMemory> MemoryForResult() const;

  // `answer`, which takes a Reply&, writes the reply. It runs on the session's thread, unless the
  // session has ended.
  template <class Answer>
  void Send(Answer answer) const {
    (*post_)([session = session_, memory = memory_, bytes = bytes_, id = id_,
              answer = std::move(answer)]() mutable {
      if (!Complete(session, id, answer)) memory->GiveOrphan(bytes);
    });
  }

  // The same for the result of a read, whose memory is released as soon as the reply is written.
  template <class Answer>
  void SendResult(std::shared_ptr<ReadMemory> result_memory, Answer answer) const {
    Send([result_memory = std::move(result_memory),
          answer = std::move(answer)](Reply& reply) mutable {
      answer(reply);
      result_memory = nullptr;
    });
  }

 private:
  // False: the session has ended.
  static bool Complete(const std::weak_ptr<Session>& session, uint32_t id,
                       FunctionRef<void(Reply&)> answer);

  std::weak_ptr<Session> session_;
  uint64_t source_;
  std::shared_ptr<const Caller> caller_;
  const Poster* post_;
  MemoryPool* memory_;
  uint32_t bytes_;
  uint32_t id_;
};

class Handlers {
 public:
  // `server_stats` returns the server's own part of STATS. Any thread.
  Handlers(Engine& engine, const Clock& clock, std::function<EngineStats()> server_stats)
      : engine_(engine), clock_(clock), server_stats_(std::move(server_stats)) {}

  Status Check(op::Ping, const op::Ping::Request& request) const;
  Status Check(op::Get, const op::Get::Request& request) const;
  Status Check(op::MGet, const op::MGet::Request& request) const;
  Status Check(op::Put, const op::Put::Request& request) const;
  Status Check(op::Delete, const op::Delete::Request& request) const;
  Status Check(op::Batch, const op::Batch::Request& request) const;
  Status Check(op::Scan, const op::Scan::Request& request) const;
  Status Check(op::List, const op::List::Request& request) const;
  Status Check(op::Stats, const op::Stats::Request& request) const;

  // As Engine::PeekMany.
  void PeekMany(std::span<const KeyView> keys, PeekEach each) const {
    engine_.PeekMany(keys, each);
  }

  bool TryNow(op::Ping, const op::Ping::Request& request, Reply* reply, KnownResults* known) const;
  bool TryNow(op::Get, const op::Get::Request& request, Reply* reply, KnownResults* known) const;
  bool TryNow(op::MGet, const op::MGet::Request& request, Reply* reply, KnownResults* known) const;
  bool TryNow(op::Scan, const op::Scan::Request& request, Reply* reply, KnownResults* known) const;
  template <class Row>
  bool TryNow(Row, const typename Row::Request&, Reply*, KnownResults*) const {
    return false;
  }

  void Start(op::MGet, const op::MGet::Request& request, KnownResults known, int64_t deadline,
             Responder to) const;
  template <class Row>
  void Start(Row row, const typename Row::Request& request, KnownResults&&, int64_t deadline,
             Responder to) const {
    Start(row, request, deadline, std::move(to));
  }

 private:
  void Start(op::Get, const op::Get::Request& request, int64_t deadline, Responder to) const;
  void Start(op::Put, const op::Put::Request& request, int64_t deadline, Responder to) const;
  void Start(op::Delete, const op::Delete::Request& request, int64_t deadline, Responder to) const;
  void Start(op::Batch, const op::Batch::Request& request, int64_t deadline, Responder to) const;
  void Start(op::Scan, const op::Scan::Request& request, int64_t deadline, Responder to) const;
  void Start(op::List, const op::List::Request& request, int64_t deadline, Responder to) const;
  void Start(op::Stats, const op::Stats::Request& request, int64_t deadline, Responder to) const;
  // PING is always answered by TryNow.
  void Start(op::Ping, const op::Ping::Request&, int64_t, Responder) const { CHECK(false); }

  uint64_t ExpiryOf(uint32_t expire_seconds) const;

  Engine& engine_;
  const Clock& clock_;
  const std::function<EngineStats()> server_stats_;
};

}  // namespace smile
