// http://: HTTP/1.1 with kept connections, as far as a file server needs it: PUT and GET of whole
// files, whose names are PathOf their numbers. Responses come in the order of the requests, and
// have a Content-Length.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "bench/smilebench/wire.h"

namespace smile::bench {

class HttpProtocol final : public WireProtocol {
 public:
  // `host` is that of the requests.
  HttpProtocol(std::string host, DriverEvents* events);

  // A GET, a PUT, or a ping, which is a GET of "/" with any status in its response.
  void Encode(uint32_t slot, const Operation& operation, Bytes* out) override;
  Status Receive(ByteView bytes) override;
  void FailAll(const Status& why) override;

  // 256 directories, so that none becomes too large: "/41/297", in hexadecimal and decimal.
  static std::string PathOf(uint64_t number);

 private:
  struct Open {
    uint32_t slot = 0;
    OperationKind kind = OperationKind::kPing;
  };
  struct Head {
    int status = 0;
    size_t body_bytes = 0;
  };
  Result<std::optional<Head>> TakeHead(ByteView* bytes);
  void Answer(const Head& head, ByteView body);

  const std::string host_;
  DriverEvents* const events_;
  std::deque<Open> open_;
  std::optional<Head> head_;  // of the response whose body is being received
  Bytes part_;                // of a head, or of the body
};

}  // namespace smile::bench
