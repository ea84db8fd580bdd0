// An event loop on libuv: the sockets and timers of one thread, and tasks from other threads.
//
// The thread that calls Run() is the loop's thread. Unless stated otherwise, functions are called
// from that thread, or while Run() is not running (checked where it is cheap). A loop does no
// blocking work: no disk, no name lookup.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "net/endpoint.h"
#include "net/listening_socket.h"
#include "net/transport.h"

namespace smile {

class Timer {  // stops when destroyed
 public:
  virtual ~Timer() = default;
};

// Stops listening when destroyed; connections stay. Not to be destroyed from within `accepted`.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual uint16_t port() const = 0;  // the actual port, also if 0 was requested
};

// Time for a connection to be made, where nothing else is asked for.
inline constexpr int64_t kConnectTimeoutMillis = 5'000;

class EventLoop {
 public:
  static Result<std::unique_ptr<EventLoop>> Create();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until Stop(); may be called again afterwards. All transports, timers and listeners are
  // destroyed before the loop. SIGPIPE is blocked for this thread meanwhile.
  void Run();

  // Any thread. Tasks that the same thread posted before still run. A Stop() while the loop is not
  // running ends the next Run() at once.
  void Stop();

  // Any thread. Runs `task` on the loop's thread; tasks of one thread run in the order of their
  // Post() calls. Tasks posted while the loop sleeps wake it once; long ones are spread over
  // several turns. Tasks that remain when the loop is destroyed are dropped.
  void Post(std::function<void()> task);

  // Called at the end of each turn, before the loop sleeps, to send the output of the turn in one
  // write. There is one callback at a time; null removes it.
  void OnTurnEnd(std::function<void()> callback);

  // Fires after `millis`, then every `repeat_millis` (0: only once); both at least 0. The timer may
  // be destroyed from within its callback.
  std::unique_ptr<Timer> StartTimer(int64_t millis, int64_t repeat_millis,
                                    std::function<void()> callback);

  // Accepts connections to `socket`. `accepted` receives a transport that is not started. If the
  // process is out of descriptors or memory, `failed` (may be null) is called and the loop stops
  // accepting for limits::kAcceptPauseMillis; new connections wait in the kernel.
  std::unique_ptr<Listener> Accept(ListeningSocket socket,
                                   std::function<void(std::unique_ptr<Transport>)> accepted,
                                   std::function<void(const Status&)> failed = nullptr);

  // ListenOn() with one socket, and Accept().
  Result<std::unique_ptr<Listener>> ListenTcp(
      const Endpoint& endpoint, std::function<void(std::unique_ptr<Transport>)> accepted);

  // Connects; `done` is called later, by the loop, with a transport that is not started or with
  // kUnavailable. The name lookup runs on another thread; its addresses are tried in turn.
  // Destroying the loop drops a pending connection, and waits for a pending lookup.
  void ConnectTcp(const Endpoint& endpoint, int64_t timeout_millis,
                  std::function<void(Result<std::unique_ptr<Transport>>)> done);

 private:
  EventLoop();
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace smile
