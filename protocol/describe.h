// Explains frames byte by byte: which bytes are which field, and what they mean. For people who
// look at captured traffic, and for the examples in docs/PROTOCOL.md. Derived from the fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "protocol/dissect.h"
#include "protocol/frame.h"
#include "protocol/operation_list.h"
#include "protocol/operations.h"
#include "protocol/text_tree.h"

namespace smile {

// The request that a reply answers, which is needed to decode the body of an ok reply.
struct RequestInfo {
  uint8_t code = 0;
  TextContext context;
};

// The fields of the header in `bytes`, possibly truncated, and what is wrong with them.
std::vector<FramePart> DescribeHeader(ByteView bytes, const OperationInfo* operation);

// The parts of a frame, or of bytes that should be one, in order and without gaps. Never fails:
// bytes that cannot be decoded are one part with `broken` set and a meaning that says why.
template <class List>
std::vector<FramePart> DescribeFrame(ByteView bytes,
                                     const std::optional<RequestInfo>& request = {}) {
  std::optional<FrameHeader> header;
  if (bytes.size() >= kFrameHeaderBytes) header = LoadFrameHeader(bytes);
  std::vector<FramePart> parts =
      DescribeHeader(bytes, header.has_value() ? List::Find(header->code) : nullptr);
  if (!header.has_value()) return parts;
  Dissector dissector(bytes, kFrameHeaderBytes,
                      request.has_value() ? request->context : TextContext{});
  const bool is_reply = (header->flags & kFlagReply) != 0;
  const uint8_t operation = !is_reply ? header->code : request.has_value() ? request->code : 0;
  if (is_reply && header->code != 0) {
    dissector.Take<ErrorBody>();
  } else {
    List::ForEach([&]<class Row>() {
      if (Row::kInfo.code != operation) return;
      is_reply ? dissector.Take<typename Row::Response>() : dissector.Take<typename Row::Request>();
    });
  }
  dissector.TakeRest();
  for (FramePart& part : dissector.parts()) parts.push_back(std::move(part));
  return parts;
}

// What is needed to decode the reply to `frame`; nullopt if it is not a request of List.
template <class List>
std::optional<RequestInfo> RequestInfoOf(const Frame& frame) {
  if ((frame.header.flags & kFlagReply) != 0) return std::nullopt;
  std::optional<RequestInfo> info;
  List::ForEach([&]<class Row>() {
    typename Row::Request request;
    if (Row::kInfo.code != frame.header.code) return;
    info = RequestInfo{Row::kInfo.code, {}};
    if (Decode(frame.body, &request).ok()) info->context = ContextOf(request);
  });
  return info;
}

// One line per part: offset, bytes in hexadecimal (truncated if long), name and meaning.
std::string FormatParts(const std::vector<FramePart>& parts);

}  // namespace smile
