// What a client may be told, and what each of its calls may be told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "net/endpoint.h"

namespace smile {

// What a tap sees. kConnected has no bytes; what follows is of a new connection.
enum class TapEvent : uint8_t { kConnected, kSent, kReceived, kDisconnected };

struct ClientOptions {
  Endpoint server{"127.0.0.1", 7645};
  std::string name = "libsmile";           // told to the server, up to 64 bytes
  int64_t connect_timeout_millis = 5'000;  // one attempt, HELLO included
  int64_t deadline_millis = 10'000;        // of calls that do not say otherwise; at least 1
  int64_t first_backoff_millis = 20;       // doubles up to the next, each with jitter
  int64_t max_backoff_millis = 2'000;
  uint32_t max_in_flight = 1'024;              // calls over this wait in the client
  size_t max_queued_bytes = size_t{64} << 20;  // waiting calls over this end as kOverloaded
  // Sees all bytes of the connection, on the client's thread, before they are sent or read. The
  // bytes are borrowed for the duration of the call.
  std::function<void(TapEvent event, ByteView bytes)> tap = {};
};

struct CallOptions {
  int64_t deadline_millis = 0;  // 0: as ClientOptions says; at most 65,535 of it reach the server
  bool retry = true;  // false: one attempt; if the server cannot be reached, it ends at once
  // True: when it is sent again, it may take effect after later calls of its partition, and they
  // do not wait for it.
  bool any_order = false;
};

}  // namespace smile
