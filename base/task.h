// Tasks: C++20 coroutines that return a value later.
//
// A coroutine runs on the thread that calls it until it first waits, then on whichever thread
// brings what it waits for. An exception that leaves a Task terminates the process. Clang before 17
// with libstdc++ needs the option -D__cpp_impl_coroutine=201902L; the CMake package sets it.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace smile {

namespace task_internal {

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

}  // namespace task_internal

// A coroutine that starts when it is called. Its value is taken once: by Wait(), or by co_await in
// another coroutine. A Task that is destroyed earlier does not stop the coroutine.
template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type : task_internal::Promise<T> {
    Task get_return_object() { return Task(this->state); }
  };

  // Blocks until the coroutine returns; the result is its value. Not on a thread on which the
  // coroutine resumes.
  T Wait() { return Take(); }

  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) { return state_->ResumeLater(waiter); }
  T await_resume() { return Take(); }

 private:
  explicit Task(std::shared_ptr<task_internal::TaskState<T>> state) : state_(std::move(state)) {}

  T Take() {
    if constexpr (std::is_void_v<T>) {
      state_->Wait();
    } else {
      return state_->Wait();
    }
  }

  std::shared_ptr<task_internal::TaskState<T>> state_;
};

}  // namespace smile
