// Options of a client, and of each call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "net/endpoint.h"

namespace smile {

// What a tap sees. kConnected has no bytes; what follows it belongs to a new connection.
enum class TapEvent : uint8_t { kConnected, kSent, kReceived, kDisconnected };

struct ClientOptions {
  // Addresses of one server: each must lead to the same data. From 1 to 64. Connection number i
  // begins with address i modulo their number. If an attempt to connect fails, it tries the next
  // address at once, and pauses after it has tried all of them. A connection that is lost is made
  // again to the same address first.
  std::vector<Endpoint> servers{{"127.0.0.1", 7645}};
  // Number of connections, from 1 to 1,024. All calls of one partition use the same one.
  uint32_t connections = 1;
  std::string name = "libsmile";           // for the server's log, up to 64 bytes
  int64_t connect_timeout_millis = 5'000;  // of one attempt, HELLO included
  int64_t deadline_millis = 10'000;        // of calls that do not set their own; at least 1
  int64_t first_backoff_millis = 20;       // doubles up to the next one, with jitter
  int64_t max_backoff_millis = 2'000;
  // Maximum number of requests in flight per connection; excess ones wait in the client.
  uint32_t max_in_flight = 1'024;
  // Maximum bytes of requests per connection that wait or are in flight; a call in excess of it
  // ends as kOverloaded.
  size_t max_queued_bytes = size_t{64} << 20;
  // Sees all bytes of the connection, on the client's thread, before they are sent or read. They
  // are valid during the call only. Requires connections == 1.
  std::function<void(TapEvent event, ByteView bytes)> tap = {};
};

struct CallOptions {
  // The time until the call ends, retries included. 0: ClientOptions::deadline_millis. The server
  // is told at most 65,535 of it.
  int64_t deadline_millis = 0;
  // False: one attempt. If no server can be reached, the call ends at once.
  bool retry = true;
  // True: the call does not keep the order of its partition. If it is retried, it may take effect
  // after later calls, which do not wait for it.
  bool any_order = false;
};

}  // namespace smile
