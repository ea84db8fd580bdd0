// An event loop on libuv: one thread's sockets, timers and messages from other threads.
//
// The thread that calls Run() is the loop's thread. Unless a function says otherwise, it is called
// from there, or before Run() begins. There is no blocking work on a loop: no disk, no name lookup.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "net/endpoint.h"
#include "net/listening_socket.h"
#include "net/transport.h"

namespace smile {

class Timer {  // destroying it stops it
 public:
  virtual ~Timer() = default;
};

// Destroying it stops listening; connections stay. Not from within `accepted`.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual uint16_t port() const = 0;  // the real one, also if 0 was asked for
};

class EventLoop {
 public:
  static Result<std::unique_ptr<EventLoop>> Create();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until Stop(). Afterwards it may be run again. All transports, timers and listeners are
  // destroyed before the loop is. SIGPIPE is blocked for this thread while it runs.
  void Run();

  // Any thread. What was posted before it by the same thread still runs. A Stop() while the loop
  // does not run ends the next Run() at once.
  void Stop();

  // Any thread. Runs `task` on the loop's thread, in the order of the Post() calls of one thread.
  // Tasks posted while the loop sleeps wake it once; those that take long are spread over turns.
  // Tasks that are still there when the loop is destroyed are dropped.
  void Post(std::function<void()> task);

  // Called at the end of each turn, before the loop sleeps: here what the turn produced leaves in
  // one write. One at a time, and null for none; set before Run() or by the loop's thread.
  void OnTurnEnd(std::function<void()> callback);

  // First after `millis`, then each `repeat_millis` (0: once). The timer may be destroyed from
  // within its callback.
  std::unique_ptr<Timer> StartTimer(int64_t millis, int64_t repeat_millis,
                                    std::function<void()> callback);

  // Accepts what comes to `socket`. `accepted` gets a transport that is not started. When the
  // process is out of descriptors or memory, `failed` (may be null) is told, and the loop stops
  // accepting for a while instead of spinning; who connects meanwhile waits in the kernel.
  std::unique_ptr<Listener> Accept(ListeningSocket socket,
                                   std::function<void(std::unique_ptr<Transport>)> accepted,
                                   std::function<void(const Status&)> failed = nullptr);

  // ListenOn() with one socket, and Accept().
  Result<std::unique_ptr<Listener>> ListenTcp(
      const Endpoint& endpoint, std::function<void(std::unique_ptr<Transport>)> accepted);

  // Connects; `done` comes later, from the loop, with a transport that is not started or with
  // kUnavailable. The name is looked up off the loop, its addresses are tried in turn. Destroying
  // the loop drops a connection under way, and waits for a look-up under way.
  void ConnectTcp(const Endpoint& endpoint, int64_t timeout_millis,
                  std::function<void(Result<std::unique_ptr<Transport>>)> done);

 private:
  EventLoop();
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace smile
