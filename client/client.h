// libsmile: a client of smiled.
//
//   auto client = smile::Client::Create({.server = {"127.0.0.1", 7645}});
//   client->Call<smile::op::Get>({.key = key.view()}, {}, [](smile::Answer<smile::op::Get> answer)
//   {
//     …
//   });
//
// One Client is one connection, kept up by a thread of its own: it reconnects with growing,
// jittered pauses when it is lost. Any number of calls may be under way; answers come in the order
// in which the server gives them. client/blocking.h and client/await.h put other faces on the same
// Call.
//
// Thread-safe: all functions may be called from any thread. `done` runs on the client's thread:
// it must not block, and may make further calls. The request is encoded before Call returns, so its
// bytes need not live longer.
//
// Retries. What is known not to have taken effect is sent again until the call's deadline, as long
// as the class of the error says so (retry_now, retry_after). After a connection is lost, calls
// that were sent on it are sent again if their operation is a read, and end as kOutcomeUnknown if
// it is a write: a conditional write that is repeated blindly would meet its own first success.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "client/answer.h"
#include "net/event_loop.h"

namespace smile {

struct ClientOptions {
  Endpoint server{"127.0.0.1", 7645};
  std::string name = "libsmile";           // told to the server, up to 64 bytes
  int64_t connect_timeout_millis = 5'000;  // one attempt, HELLO included
  int64_t deadline_millis = 10'000;        // of calls that do not say otherwise; at least 1
  int64_t first_backoff_millis = 20;       // doubles up to the next, each with jitter
  int64_t max_backoff_millis = 2'000;
  uint32_t max_in_flight = 1'024;              // calls over this wait in the client
  size_t max_queued_bytes = size_t{64} << 20;  // waiting calls over this end as kOverloaded
};

struct CallOptions {
  int64_t deadline_millis = 0;  // 0: as ClientOptions says; at most 65,535 of it reach the server
  bool retry = true;            // false: one attempt
};

class Client {
 public:
  // Starts the thread and begins to connect; does not wait for it.
  static Result<std::unique_ptr<Client>> Create(ClientOptions options);

  // Ends what is under way (reads: kUnavailable, writes that were sent: kOutcomeUnknown), then
  // stops the thread. Not from within `done`.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  template <class Row>
  void Call(const typename Row::Request& request, const CallOptions& options,
            std::function<void(Answer<Row>)> done);

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace smile
