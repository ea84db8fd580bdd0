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
//
// Order. Calls of one partition take effect in the order in which they were made, retries included
// (unless a call says CallOptions::any_order): later ones wait in the client behind one that is to
// be sent again. One that was refused while later ones were in flight already is sent again only if
// none of those took effect; else it ends with its refusal. Likewise, a read that was lost with its
// connection ends as kUnavailable if a later write was lost with it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "client/answer.h"
#include "client/options.h"
#include "protocol/operations.h"

namespace smile {

class Client {
 public:
  // Starts the thread and begins to connect; does not wait for it. kInvalid for options out of
  // their bounds.
  static Result<std::unique_ptr<Client>> Create(ClientOptions options);

  // Ends what is under way (reads: kUnavailable, writes that were sent: kOutcomeUnknown), then
  // stops the thread. Not from within `done`. Calls made by a `done` from here on end at once as
  // kUnavailable: one that calls again whatever the answer was would go on for ever.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  template <class Row>
  void Call(const typename Row::Request& request, const CallOptions& options,
            std::function<void(Answer<Row>)> done);

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace smile
