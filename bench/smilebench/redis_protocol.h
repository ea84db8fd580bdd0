// redis://: RESP, version 2, as Redis, Valkey and Kvrocks speak it.
// https://redis.io/docs/reference/ protocol-spec. Requests are pipelined; answers come in the order
// of the requests.
//
// A user's record is a string at "u:" and 14 digits. A post is a string at "p:AUTHOR:POST", and a
// member of the sorted set "posts:AUTHOR" by its number. So a put of a post is SET and ZADD; a scan
// is ZREVRANGE and the MGET of the posts that are known to be there, in one pipeline.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "bench/smilebench/resp.h"
#include "bench/smilebench/wire.h"

namespace smile::bench {

class RedisProtocol final : public WireProtocol {
 public:
  // `adds`: a put is an INCR.
  RedisProtocol(uint32_t posts_per_author, DriverEvents* events, bool adds = false);

  void Encode(uint32_t slot, const Operation& operation, Bytes* out) override;
  Status Receive(ByteView bytes) override;
  void FailAll(const Status& why) override;

 private:
  struct Open {
    uint32_t slot = 0;
    OperationKind kind = OperationKind::kPing;
    uint32_t replies = 1;  // still to come
  };

  Bytes KeyOf(uint64_t number) const;
  void EncodePut(const Operation& operation, Bytes* out) const;
  void EncodeMGet(const Operation& operation, Bytes* out) const;
  void EncodeScan(const Operation& operation, Bytes* out) const;
  Status OnReply(const RespReply& reply);
  Status TakeReply(const Open& open, const RespReply& reply);
  Status TakeString(const RespReply& reply, const RespReply::Part& part);
  Status TakeList(const RespReply& reply, bool of_posts);

  const uint32_t posts_per_author_;
  const bool adds_;
  DriverEvents* const events_;
  RespReader reader_;
  std::deque<Open> open_;

  // What replies bring to the operation's answer.
  Status refusal_;  // of an earlier reply to the same operation
  std::vector<uint64_t> posts_;
  std::vector<ByteView> values_;
};

}  // namespace smile::bench
