// State shared by the parts of one event loop. For net/ only: no other folder sees libuv.
#pragma once

#include <uv.h>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "base/limits.h"
#include "net/drop_turns.h"
#include "net/event_loop.h"

namespace smile {

class TcpConnect;

struct UvLoop {
  uv_loop_t uv{};
  // Bytes are processed before the next read, so that idle connections hold no buffer.
  const std::unique_ptr<char[]> read_buffer = std::make_unique<char[]>(limits::kReadBufferBytes);
  std::map<TcpConnect*, std::unique_ptr<TcpConnect>> connects;  // pending
  DropTurns drop_turns;
  std::atomic<std::thread::id> thread{};  // that is in Run(); none if the loop does not run

  bool IsRunning() const { return thread.load() != std::thread::id(); }
  // While the loop does not run, its owner may use it from any one thread.
  bool IsOwnedByThisThread() const {
    const std::thread::id now = thread.load();
    return now == std::thread::id() || now == std::this_thread::get_id();
  }
};

std::unique_ptr<Timer> StartUvTimer(UvLoop* loop, int64_t millis, int64_t repeat_millis,
                                    std::function<void()> callback);

// "connection refused (ECONNREFUSED)"; `error` is a libuv error.
std::string UvMessage(int error);

}  // namespace smile
