// What a backend is told by Redis' PUBLISH, on a connection of its own: at most once, and nothing
// that was published while it was not connected.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "bench/network/network_store.h"
#include "bench/smilebench/resp_connection.h"

namespace smile::bench {

// Appends the command that tells a person, if she is online; returns the number of commands.
size_t AppendRedisPublish(uint64_t person, const Notice& notice, Bytes* commands);

class RedisSubscriber final : private RespEvents {
 public:
  // As NetworkStore::Watch: a channel for each person.
  RedisSubscriber(const StoreParts& parts, const std::vector<Interest>& interests,
                  NetworkStore::OnNotice on_notice, NetworkStore::OnWatching watching);

  void Flush() { connection_.Flush(); }

 private:
  Status OnReply(const RespReply& reply) override;
  void OnLost(const Status& why) override;
  void Begin(const Status& status);

  const NetworkStore::OnNotice on_notice_;
  NetworkStore::OnWatching watching_;  // null once it is called
  const size_t channels_;
  size_t subscribed_ = 0;
  RespConnection connection_;
};

}  // namespace smile::bench
