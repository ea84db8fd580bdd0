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
// It resumes also when its client is destroyed, with kUnavailable or kOutcomeUnknown. An exception
// that leaves a Task terminates the process. Clang before 17 with libstdc++ needs the option
// -D__cpp_impl_coroutine=201902L; the CMake package sets it. GCC 12 rejects a list of keys or items
// that is written inside a co_await ("array used as initializer"): put the request into a variable.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

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

namespace await_internal {

struct Nothing {};

// Shared by a running coroutine and its Task, either of which may be destroyed first.
template <class T>
class TaskState {
 public:
  using Value = std::conditional_t<std::is_void_v<T>, Nothing, T>;

  void Set(Value value) {
    std::coroutine_handle<> waiter;
    {
      const std::lock_guard lock(mutex_);
      value_.emplace(std::move(value));
      waiter = std::exchange(waiter_, nullptr);
      changed_.notify_all();
    }
    if (waiter) waiter.resume();
  }
  Value Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return value_.has_value(); });
    return std::move(*value_);
  }
  // False if there is a value already.
  bool ResumeLater(std::coroutine_handle<> waiter) {
    const std::lock_guard lock(mutex_);
    if (value_.has_value()) return false;
    waiter_ = waiter;
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Value> value_;
  std::coroutine_handle<> waiter_;
};

template <class T>
struct PromiseBase {
  using State = TaskState<T>;

  // Publishes the value after the coroutine's frame was destroyed: whoever waits for it may then
  // destroy what the coroutine used.
  struct Publish {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> coroutine) noexcept {
      const std::shared_ptr<State> state = coroutine.promise().state;
      auto value = std::move(*coroutine.promise().value);
      coroutine.destroy();
      state->Set(std::move(value));
    }
    void await_resume() noexcept {}
  };

  std::suspend_never initial_suspend() noexcept { return {}; }
  Publish final_suspend() noexcept { return {}; }
  void unhandled_exception() { std::terminate(); }

  const std::shared_ptr<State> state = std::make_shared<State>();
  std::optional<typename State::Value> value;
};

template <class T>
struct Promise : PromiseBase<T> {
  void return_value(T returned) { this->value.emplace(std::move(returned)); }
};
template <>
struct Promise<void> : PromiseBase<void> {
  void return_void() { value.emplace(); }
};

}  // namespace await_internal

// A coroutine that starts when it is called. Its value is taken once: by Wait(), or by co_await in
// another coroutine. A Task that is destroyed earlier does not stop the coroutine.
template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type : await_internal::Promise<T> {
    Task get_return_object() { return Task(this->state); }
  };

  // Blocks until the coroutine returns; the result is its value. Not on the client's thread.
  T Wait() { return Take(); }

  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) { return state_->ResumeLater(waiter); }
  T await_resume() { return Take(); }

 private:
  explicit Task(std::shared_ptr<await_internal::TaskState<T>> state) : state_(std::move(state)) {}

  T Take() {
    if constexpr (std::is_void_v<T>) {
      state_->Wait();
    } else {
      return state_->Wait();
    }
  }

  std::shared_ptr<await_internal::TaskState<T>> state_;
};

}  // namespace smile
