#include "protocol/message.h"

#include "base/check.h"
#include "base/result.h"

namespace smile {
namespace {

// A caller treats an unknown code according to its class.
Code StandInFor(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::kRetryNow:
      return Code::kUnavailable;
    case ErrorClass::kRetryAfter:
      return Code::kOverloaded;
    case ErrorClass::kOutcomeUnknown:
      return Code::kOutcomeUnknown;
    case ErrorClass::kNone:
    case ErrorClass::kNever:
      break;
  }
  return Code::kUnsupported;
}

}  // namespace

void EncodeError(uint32_t id, const Status& status, const ErrorDetail& detail, Bytes* out) {
  CHECK(!status.ok(), "an error reply has an error code");
  FrameWriter frame(out,
                    {.id = id, .code = static_cast<uint8_t>(status.code()), .flags = kFlagReply});
  const ErrorBody body{.error_class = status.error_class(),
                       .retry_after_ms = status.retry_after_ms(),
                       .message = status.message(),
                       .index = detail.index,
                       .version = detail.version,
                       .met_index = detail.met_index};
  Encode(body, out);
  frame.Finish();
}

Status DecodeError(const Frame& reply, Status* error, ErrorDetail* detail) {
  ErrorBody body;
  SMILE_TRY(Decode(reply.body, &body));
  const CodeInfo* info = FindCode(reply.header.code);
  const Code code =
      info != nullptr && info->code != Code::kOk ? info->code : StandInFor(body.error_class);
  if (detail != nullptr) *detail = {body.index, body.version, body.met_index};
  CHECK(code != Code::kOk);
  *error = {code, Bytes(body.message), body.retry_after_ms};
  return {};
}

}  // namespace smile
