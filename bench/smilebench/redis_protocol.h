// redis://: RESP, version 2, as Redis, Valkey and Kvrocks speak it.
// https://redis.io/docs/reference/ protocol-spec. Requests are pipelined; answers come in the order
// of the requests.
//
// A user's record is a string at "u:" and 14 digits. A post is a string at "p:AUTHOR:POST", and a
// member of the sorted set "posts:AUTHOR" by its number. So a put of a post is SET and ZADD; a scan
// is ZREVRANGE and the MGET of the posts that are known to be there, in one pipeline.
#pragma once

#include <hiredis/read.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

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
  struct Part {  // of a reply: itself, or then its elements
    int type = 0;
    size_t begin = 0;  // in bytes_
    size_t size = 0;
  };
  // What hiredis calls for each part of a reply that it has parsed. They give back something that
  // is not null: there are no objects.
  static void* OnString(const redisReadTask* task, char* bytes, size_t size);
  static void* OnArray(const redisReadTask* task, int count);
  static void* OnInteger(const redisReadTask* task, long long value);
  static void* OnNil(const redisReadTask* task);

  Bytes KeyOf(uint64_t number) const;
  void EncodePut(const Operation& operation, Bytes* out) const;
  void EncodeMGet(const Operation& operation, Bytes* out) const;
  void EncodeScan(const Operation& operation, Bytes* out) const;
  Status OnReply();
  Status TakeReply(const Open& open);
  Status TakeString(const Part& part);
  Status TakeList(bool of_posts);
  ByteView BytesOf(const Part& part) const;

  const uint32_t posts_per_author_;
  const bool adds_;
  DriverEvents* const events_;
  redisReplyObjectFunctions functions_;
  const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader_;
  std::deque<Open> open_;

  // The reply that is being parsed, and what it brings to the operation's answer.
  std::vector<Part> parts_;
  Bytes bytes_;
  Status refusal_;  // of an earlier reply to the same operation
  std::vector<uint64_t> posts_;
  std::vector<ByteView> values_;
};

}  // namespace smile::bench
