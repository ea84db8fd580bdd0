// Calls of a Client as C++20 coroutines:
//
//   smile::Task<bool> Greet(smile::Client* client) {
//     const auto answer = co_await smile::Await<smile::op::Ping>(client, {"hi"});
//     co_return answer.ok();
//   }
//
//   const bool greeted = Greet(client.get()).Wait();
//
// After a co_await the coroutine runs on the client's thread. It must not block there: no Wait().
// It resumes also when its client is destroyed, with kUnavailable or kOutcomeUnknown. GCC 12
// rejects a list of keys or items that is written inside a co_await ("array used as initializer"):
// put the request into a variable.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/task.h"
#include "client/client.h"

namespace smile {

// `co_await Await<Row>(client, request)` is an Answer<Row>. `Row` is an operation of
// protocol/operations.h. `client` and the bytes that `request` points to must live until the
// coroutine is suspended; temporaries in the same expression do.
template <class Row>
class Await {
 public:
  // The call is made when the object is awaited, which must happen once.
  Await(Client* client, typename Row::Request request, CallOptions options = {})
      : client_(client), request_(std::move(request)), options_(options) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    // The answer may arrive, and this object be destroyed, before Call returns.
    client_->Call<Row>(request_, options_, [this, waiter](Answer<Row> answer) {
      answer_.emplace(std::move(answer));
      waiter.resume();
    });
  }
  Answer<Row> await_resume() { return std::move(*answer_); }

 private:
  Client* const client_;
  const typename Row::Request request_;
  const CallOptions options_;
  std::optional<Answer<Row>> answer_;
};

}  // namespace smile
