// libsmile: a client of smiled.
//
//   auto created = smile::Client::Create({.servers = {{"127.0.0.1", 7645}}});
//   if (!created.ok()) return Fail(created.status().ToString());
//   const std::unique_ptr<smile::Client> client = std::move(created).value();
//   const smile::Key theme = smile::UserKey(42, "theme");
//   client->Call<smile::op::Get>({.key = theme}, {}, [](smile::Answer<smile::op::Get> answer) {
//     if (answer.ok()) Show(answer->record.value);
//   });
//
// A Client has one thread of its own. It keeps its connections open and reconnects with growing,
// jittered pauses. Many calls may be in flight; they are answered in the order in which the server
// replies. client/blocking.h and client/await.h offer the same calls in other forms.
//
// Threads. Any thread may call any function. `done` runs on the client's thread: it must not block,
// and may make further calls. The request is encoded before Call returns, so the bytes that it
// points to need not live longer.
//
// Checksums. A value to be written whose `checksum` is 0 gets that of its bytes. A program that
// computed it earlier passes it, and so protects the value from there on.
//
// Retries. A request that is known not to have taken effect is sent again until the call's
// deadline, if the class of the error allows it (retry_now, retry_after). A value that does not
// match its checksum is retried three times. When a connection is lost, reads in flight are sent
// again, and writes in flight end as kOutcomeUnknown: a conditional write that is sent twice might
// fail because it succeeded the first time. CallOptions::repeatable changes that.
//
// Order. Calls of one partition take effect in the order in which they were made, retries included,
// unless they set CallOptions::any_order: all of them use the same connection, and a call waits in
// the client while an earlier one of its partition waits for its retry. A call that was rejected
// while later ones were in flight is retried only if none of those took effect; otherwise it ends
// with its error. A read that was lost with its connection ends as kUnavailable if a later write
// was lost with it. With several connections, an MGET uses that of its first key: it sees the
// writes that were answered before it was made, but has no order with calls in flight in its other
// partitions.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "client/answer.h"
#include "client/options.h"
#include "client/watch.h"
#include "protocol/operations.h"

namespace smile {

// A client of one server.
class Client {
 public:
  // Starts the thread and begins to connect, without waiting for a connection. kInvalid, with a
  // message that names the option, if one is out of its range.
  static Result<std::unique_ptr<Client>> Create(ClientOptions options);

  // Ends all calls (writes in flight as kOutcomeUnknown, the others as kUnavailable), then stops
  // the thread. Calls that a `done` makes meanwhile end as kUnavailable. Must not run on the
  // client's thread, that is, within `done`.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends a request; `done` gets the answer, exactly once, on the client's thread, and is not
  // empty. `Row` is an operation of protocol/operations.h other than op::Hello, op::Watch and
  // op::Cancel. Does not block.
  template <class Row>
  void Call(const typename Row::Request& request, const CallOptions& options,
            std::function<void(Answer<Row>)> done);

  // Watches partitions until the result is destroyed. See client/watch.h.
  std::unique_ptr<smile::Watch> Watch(const op::Watch::Request& request, WatchCallbacks callbacks);

 private:
  friend class BlockingClient;
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  // Stops the process if this is the client's own thread.
  void CheckMayBlock() const;

  const std::unique_ptr<Impl> impl_;
};

}  // namespace smile
