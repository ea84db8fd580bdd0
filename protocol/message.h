// Complete frames of requests and replies: header and message.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/status.h"
#include "protocol/codec.h"
#include "protocol/frame.h"
#include "protocol/operations.h"

namespace smile {

// Appends a request frame. `deadline_ms` 0: none.
template <class Row>
void EncodeRequest(uint32_t id, uint16_t deadline_ms, const typename Row::Request& request,
                   Bytes* out) {
  FrameWriter frame(out, {.id = id, .code = Row::kInfo.code, .deadline_ms = deadline_ms});
  Encode(request, out);
  frame.Finish();
}

static_assert(static_cast<uint8_t>(Code::kOk) == 0, "the status of a reply with a response");

// The header of the reply to a request that succeeded.
inline FrameHeader OkHeader(uint32_t id) {
  return {.id = id, .code = static_cast<uint8_t>(Code::kOk), .flags = kFlagReply};
}

// Appends the reply to a request that succeeded.
template <class Row>
void EncodeReply(uint32_t id, const typename Row::Response& response, Bytes* out) {
  FrameWriter frame(out, OkHeader(id));
  Encode(response, out);
  frame.Finish();
}

// Appends the reply to a request that failed.
void EncodeError(uint32_t id, const Status& status, const ErrorDetail& detail, Bytes* out);

// Decodes the status, not ok, of an error reply. `detail` may be null. An unknown code becomes a
// known one of the same class. Fails if the body is not an ErrorBody: then, whatever the code is,
// the outcome of the request is unknown.
Status DecodeError(const Frame& reply, Status* error, ErrorDetail* detail);

}  // namespace smile
