// What the parts of one event loop share. Inside net/ only: nobody else sees libuv.
#pragma once

#include <uv.h>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/limits.h"
#include "net/event_loop.h"

namespace smile {

class TcpConnect;

struct UvLoop {
  uv_loop_t uv{};
  // Bytes are handed on before the next read, so that idle connections hold no buffer.
  const std::unique_ptr<char[]> read_buffer = std::make_unique<char[]>(limits::kReadBufferBytes);
  std::map<TcpConnect*, std::unique_ptr<TcpConnect>> connects;  // under way
};

std::unique_ptr<Timer> StartUvTimer(UvLoop* loop, int64_t millis, int64_t repeat_millis,
                                    std::function<void()> callback);

// "connection refused (ECONNREFUSED)"; `error` is libuv's.
std::string UvWords(int error);

}  // namespace smile
