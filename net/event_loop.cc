#include "net/event_loop.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <ctime>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "net/tcp_connect.h"
#include "net/tcp_listener.h"
#include "net/uv_loop.h"
#include "net/wake_up.h"

namespace smile {
namespace {

// libuv writes to sockets with write(), which raises SIGPIPE if the peer is gone. A library must
// not change the signal handling of the process, so only this thread blocks the signal.
class BlockSigPipe {
 public:
  BlockSigPipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~BlockSigPipe() {
    if (sigismember(&before_, SIGPIPE) == 1) return;
    const timespec at_once{};
    while (sigtimedwait(&pipe_, nullptr, &at_once) > 0) {  // otherwise it would be raised now
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  BlockSigPipe(const BlockSigPipe&) = delete;
  BlockSigPipe& operator=(const BlockSigPipe&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

class UvTimer final : public Timer {
 public:
  UvTimer(UvLoop* loop, int64_t millis, int64_t repeat_millis, std::function<void()> callback)
      : state_(new State{.uv = {}, .callback = std::move(callback)}) {
    CHECK(millis >= 0 && repeat_millis >= 0, "as unsigned numbers they would never come");
    CHECK(state_->callback != nullptr);
    CHECK(loop->IsOwnedByThisThread());
    CHECK(uv_timer_init(&loop->uv, &state_->uv) == 0);
    state_->uv.data = state_;
    uv_update_time(&loop->uv);
    const int error = uv_timer_start(
        &state_->uv, [](uv_timer_t* timer) { static_cast<State*>(timer->data)->callback(); },
        static_cast<uint64_t>(millis), static_cast<uint64_t>(repeat_millis));
    CHECK(error == 0);
  }
  // The callback may be running: it is kept until libuv's next turn.
  ~UvTimer() override {
    uv_close(reinterpret_cast<uv_handle_t*>(&state_->uv),
             [](uv_handle_t* handle) { delete static_cast<State*>(handle->data); });
  }
  UvTimer(const UvTimer&) = delete;
  UvTimer& operator=(const UvTimer&) = delete;

 private:
  struct State {
    uv_timer_t uv;
    std::function<void()> callback;
  };
  State* const state_;
};

}  // namespace

std::unique_ptr<Timer> StartUvTimer(UvLoop* loop, int64_t millis, int64_t repeat_millis,
                                    std::function<void()> callback) {
  return std::make_unique<UvTimer>(loop, millis, repeat_millis, std::move(callback));
}

std::string UvMessage(int error) {
  return std::string(uv_strerror(error)) + " (" + uv_err_name(error) + ")";
}

class EventLoop::Impl {
 public:
  Impl() = default;
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status Open();
  void Run();
  void Stop();
  void Post(std::function<void()> task);
  void OnTurnEnd(std::function<void()> callback);
  UvLoop* loop() { return &loop_; }

 private:
  void RunPosted();

  UvLoop loop_;
  WakeUp wake_up_;
  uv_prepare_t turn_end_{};
  bool open_ = false;
  std::function<void()> on_turn_end_;
  std::vector<std::function<void()>> running_;  // taken from posted_
  size_t next_running_ = 0;

  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by mutex_
};

Status EventLoop::Impl::Open() {
  int error = uv_loop_init(&loop_.uv);
  if (error == 0) {
    open_ = true;
    turn_end_.data = this;
    CHECK(uv_prepare_init(&loop_.uv, &turn_end_) == 0);
    loop_.drop_turns.Open(&loop_.uv);
    error = wake_up_.Open(&loop_.uv, [this] { RunPosted(); });
  }
  if (error == 0) return {};
  return {Code::kUnavailable, "cannot create an event loop: " + UvMessage(error)};
}

EventLoop::Impl::~Impl() {
  if (!open_) return;
  CHECK(!loop_.IsRunning(), "a loop is destroyed after Run() has returned");
  // Tasks and connection attempts may own transports, which close their handles when destroyed.
  running_.clear();
  std::vector<std::function<void()>>().swap(posted_);
  loop_.connects.clear();
  wake_up_.Close();
  uv_close(reinterpret_cast<uv_handle_t*>(&turn_end_), nullptr);
  loop_.drop_turns.Close();
  on_turn_end_ = nullptr;
  uv_run(&loop_.uv, UV_RUN_DEFAULT);
  CHECK(uv_loop_close(&loop_.uv) == 0, "all handles of a loop are closed before it");
}

void EventLoop::Impl::Run() {
  const BlockSigPipe no_sigpipe;
  CHECK(!loop_.IsRunning(), "a loop has one thread");
  loop_.thread.store(std::this_thread::get_id());
  uv_run(&loop_.uv, UV_RUN_DEFAULT);
  loop_.thread.store({});
}

void EventLoop::Impl::Stop() {
  stop_ = true;
  wake_up_.Send();
}

void EventLoop::Impl::Post(std::function<void()> task) {
  CHECK(task != nullptr);
  bool first;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (first) wake_up_.Send();
}

void EventLoop::Impl::RunPosted() {
  const bool stop = stop_.exchange(false);
  CHECK(next_running_ <= running_.size());
  {
    const std::lock_guard lock(mutex_);
    if (running_.empty()) {
      running_.swap(posted_);
    } else {
      running_.erase(running_.begin(), running_.begin() + static_cast<ptrdiff_t>(next_running_));
      next_running_ = 0;
      std::move(posted_.begin(), posted_.end(), std::back_inserter(running_));
      posted_.clear();
    }
  }
  // Many large replies that complete at once must not delay sockets.
  const uint64_t end = uv_hrtime() + limits::kPostedWorkNanos;
  while (next_running_ < running_.size()) {
    std::function<void()>& task = running_[next_running_++];
    task();
    task = nullptr;  // releases what it owns before the next task runs
    if (!stop && next_running_ < running_.size() && uv_hrtime() >= end) {
      wake_up_.Send();
      return;
    }
  }
  running_.clear();
  next_running_ = 0;
  if (stop) uv_stop(&loop_.uv);
}

void EventLoop::Impl::OnTurnEnd(std::function<void()> callback) {
  CHECK(loop_.IsOwnedByThisThread());
  on_turn_end_ = std::move(callback);
  if (!on_turn_end_) {
    uv_prepare_stop(&turn_end_);
    return;
  }
  const int error = uv_prepare_start(
      &turn_end_, [](uv_prepare_t* prepare) { static_cast<Impl*>(prepare->data)->on_turn_end_(); });
  CHECK(error == 0);
}

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

Result<std::unique_ptr<EventLoop>> EventLoop::Create() {
  std::unique_ptr<EventLoop> loop(new EventLoop());
  SMILE_TRY(loop->impl_->Open());
  return loop;
}

void EventLoop::Run() {
  impl_->Run();
}

void EventLoop::Stop() {
  impl_->Stop();
}

void EventLoop::Post(std::function<void()> task) {
  impl_->Post(std::move(task));
}

void EventLoop::OnTurnEnd(std::function<void()> callback) {
  impl_->OnTurnEnd(std::move(callback));
}

std::unique_ptr<Timer> EventLoop::StartTimer(int64_t millis, int64_t repeat_millis,
                                             std::function<void()> callback) {
  return StartUvTimer(impl_->loop(), millis, repeat_millis, std::move(callback));
}

std::unique_ptr<Listener> EventLoop::Accept(
    ListeningSocket socket, std::function<void(std::unique_ptr<Transport>)> accepted,
    std::function<void(const Status&)> failed) {
  return StartTcpListener(impl_->loop(), std::move(socket), std::move(accepted), std::move(failed));
}

Result<std::unique_ptr<Listener>> EventLoop::ListenTcp(
    const Endpoint& endpoint, std::function<void(std::unique_ptr<Transport>)> accepted) {
  SMILE_ASSIGN(std::vector<ListeningSocket> sockets, ListenOn(endpoint, 1));
  return Accept(std::move(sockets.front()), std::move(accepted));
}

void EventLoop::ConnectTcp(const Endpoint& endpoint, int64_t timeout_millis,
                           std::function<void(Result<std::unique_ptr<Transport>>)> done) {
  CHECK(impl_->loop()->IsOwnedByThisThread());
  auto connect = std::make_unique<TcpConnect>(impl_->loop(), endpoint, std::move(done));
  TcpConnect* const begun = connect.get();
  impl_->loop()->connects.emplace(begun, std::move(connect));
  impl_->Post([begun, timeout_millis] { begun->Begin(timeout_millis); });
}

}  // namespace smile
