// Responder: returns the answer to a request to its session, later and from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/function_ref.h"
#include "base/memory_budget.h"
#include "server/reply.h"
#include "storage/caller.h"
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
      result_memory->Release();
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

}  // namespace smile
