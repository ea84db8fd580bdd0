// Answers a request with what a task of a service returns.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/memory_budget.h"
#include "base/result.h"
#include "base/task.h"
#include "server/reply.h"
#include "server/responder.h"
#include "storage/call_context.h"

namespace smile {

// On whose behalf a service does what a request asks for.
inline CallContext CallOf(int64_t deadline, const Responder& to) {
  return {.deadline_nanos = deadline, .source = to.source(), .caller = to.caller()};
}
// The same for a write that was received before its client went: it is done all the same.
inline CallContext WriteCallOf(int64_t deadline, const Responder& to) {
  return {.deadline_nanos = deadline, .source = to.source()};
}
// The same for a read, with memory for its result; see AnswerRead.
inline CallContext ReadCallOf(int64_t deadline, const Responder& to) {
  CallContext call = CallOf(deadline, to);
  call.memory = to.MemoryForResult();
  return call;
}

// Answers with what a task returns: `write`, which takes its value and a Reply&, writes the reply
// if that is ok.
template <class T, class Write>
Task<void> Answer(Task<Result<T>> task, Responder to, Write write) {
  Result<T> result = co_await task;
  to.Send([result = std::move(result), write = std::move(write)](Reply& reply) mutable {
    if (!result.ok()) return reply.Fail(result.status());
    write(std::move(*result), reply);
  });
}

// The same for a read whose result is in `memory`, which is released when the reply is written.
template <class T, class Write>
Task<void> AnswerRead(Task<Result<T>> task, Responder to, std::shared_ptr<ReadMemory> memory,
                      Write write) {
  Result<T> result = co_await task;
  to.SendResult(std::move(memory),
                [result = std::move(result), write = std::move(write)](Reply& reply) mutable {
                  if (!result.ok()) return reply.Fail(result.status());
                  write(std::move(*result), reply);
                });
}

template <class Row>
Task<void> AnswerEmpty(Task<Status> task, Responder to) {
  const Status status = co_await task;
  to.Send([status](Reply& reply) {
    if (!status.ok()) return reply.Fail(status);
    reply.Ok<Row>({});
  });
}

}  // namespace smile
