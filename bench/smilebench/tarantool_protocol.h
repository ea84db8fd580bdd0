// tarantool://: iproto with MessagePack, as Tarantool 1.10 to 3 speak it, for the guest user.
// https://www.tarantool.io/en/doc/latest/reference/internals/box_protocol. Answers come in any
// order; a request's "sync" finds it again.
//
// Users' records are tuples of the space "records": key (string, "u:" and 14 digits), value. Posts
// are tuples of the space "posts": author, post, value. Both are found by their primary key; their
// numbers are looked up with the ping. There is no request for many keys: an mget is a pipeline of
// SELECTs, and answered when all are. A scan is one SELECT, from the newest on.
#pragma once

#include <cstdint>
#include <msgpack.hpp>
#include <vector>

#include "bench/smilebench/wire.h"

namespace smile::bench {

class TarantoolProtocol final : public WireProtocol {
 public:
  TarantoolProtocol(uint32_t posts_per_author, DriverEvents* events);

  void Encode(uint32_t slot, const Operation& operation, Bytes* out) override;
  Status Receive(ByteView bytes) override;
  void FailAll(const Status& why) override;

 private:
  // An operation in flight. The sync of its requests is its place in open_ times kMaxRequests, and
  // which of them it is.
  struct Open {
    uint32_t slot = 0;
    OperationKind kind = OperationKind::kPing;
    uint64_t waiting = 0;  // a bit for each request not yet answered; 0: this place is free
    Status refusal;
    std::vector<Bytes> values;  // of an mget
  };

  uint64_t Admit(uint32_t slot, OperationKind kind, uint32_t requests);
  void EncodePing(uint64_t sync, Bytes* out) const;
  void EncodePut(uint64_t sync, const Operation& operation, Bytes* out) const;
  void EncodeGet(uint64_t sync, uint64_t number, Bytes* out) const;
  void EncodeScan(uint64_t sync, const Operation& operation, Bytes* out) const;

  Status OnFrame(ByteView frame);
  Status OnReply(uint64_t sync, uint64_t code, const msgpack::object& body);
  Status Take(Open* open, uint32_t request, const msgpack::object& data);
  void Finish(uint64_t place);

  const uint32_t posts_per_author_;
  DriverEvents* const events_;
  uint64_t space_ = 0;
  size_t greeting_left_;
  Bytes in_;
  std::vector<Open> open_;
  std::vector<uint64_t> free_;  // places
  msgpack::zone zone_;

  // What a reply brings; points into in_ or open_.
  std::vector<ByteView> values_;
  std::vector<uint64_t> posts_;
};

}  // namespace smile::bench
