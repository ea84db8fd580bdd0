// Options of a client, and of a call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "net/endpoint.h"

namespace smile {

// What ClientOptions::tap is called for.
enum class TapEvent : uint8_t {
  kConnected,     // a new connection, to which the next events belong; no bytes
  kSent,          // the bytes are about to be sent
  kReceived,      // the bytes were received, and are about to be read
  kDisconnected,  // the connection has ended; no bytes
};

// Options of a Client. Times are in milliseconds, from 1 to 2^40.
struct ClientOptions {
  // Addresses of one server: each must lead to the same data. From 1 to 64. Connection number i
  // starts with address i modulo their number. After a failed attempt to connect it tries the next
  // address at once, and pauses when all of them have failed. A connection that is lost after it
  // answered a call is made again to the same address first.
  std::vector<Endpoint> servers{{"127.0.0.1", 7645}};
  // Number of connections, from 1 to 1,024. All calls of one partition use the same one.
  uint32_t connections = 1;
  // Name in the server log, at most 64 bytes.
  std::string name = "libsmile";
  // Time limit for one attempt to connect, HELLO included.
  int64_t connect_timeout_millis = 5'000;
  // Time limit for calls that do not set their own.
  int64_t deadline_millis = 10'000;
  // Maximum pause before the first retry. It doubles with each further one; the actual pause is
  // random, from 0 to this maximum.
  int64_t first_backoff_millis = 20;
  // What the maximum pause grows to.
  int64_t max_backoff_millis = 2'000;
  // Maximum number of requests in flight per connection, from 1; excess ones wait in the client.
  // The server's own limit applies too.
  uint32_t max_in_flight = 1'024;
  // Maximum bytes of requests per connection that wait or are in flight; excess calls end as
  // kOverloaded. One call is always accepted.
  size_t max_queued_bytes = size_t{64} << 20;
  // Called with all bytes of the connection, on the client's thread, before they are sent or read.
  // They are valid during the call only. Must not block. Requires connections == 1.
  std::function<void(TapEvent event, ByteView bytes)> tap = {};
};

// Options of a call.
struct CallOptions {
  // Time limit for the call, retries included, in milliseconds. 0 or less:
  // ClientOptions::deadline_millis. The server is told at most 65,535 of it.
  int64_t deadline_millis = 0;
  // False: one attempt. The call ends at once if no server can be reached.
  bool retry = true;
  // True: the call does not keep the order of its partition. A retry may take effect after later
  // calls, which do not wait for it.
  bool any_order = false;
  // True: executing the request twice has the same result as once, as with the operations on an
  // upload. A write is then sent again after it was lost with its connection, and after
  // kOutcomeUnknown, until the deadline. Implies any_order.
  bool repeatable = false;
};

}  // namespace smile
