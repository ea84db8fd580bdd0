// Calls to a server that is killed while they run.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <utility>

#include "base/check.h"
#include "client/client.h"

namespace smile {

// A call that is not sent again: whether it was done stays unknown.
inline constexpr CallOptions kOnce{.deadline_millis = 60'000, .retry = false};

inline std::unique_ptr<Client> Connect(uint16_t port) {
  Result<std::unique_ptr<Client>> client = Client::Create({.servers = {{"127.0.0.1", port}}});
  CHECK(client.ok());
  return std::move(*client);
}

// Waits for what `call`, which takes a callback, answers.
template <class Reply, class Call>
Reply AnswerOf(const Call& call) {
  std::promise<Reply> promise;
  call([&promise](Reply reply) { promise.set_value(std::move(reply)); });
  return promise.get_future().get();
}

}  // namespace smile
