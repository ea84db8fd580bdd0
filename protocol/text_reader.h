// Reads requests from text, derived from the fields of their operation:
//
//   get users/42/profile
//   put users/42/profile "Ada Lovelace" --if-absent --expire-seconds 60
//   scan links/42/friend --limit 20 --keys-only
//   batch users/42 put profile Ada --if-absent delete theme
//
// Required fields are positional arguments, in order. Optional fields, and those with a default,
// are
// --name VALUE, with dashes for underscores; a bool is a flag; a condition is --if-absent or
// --if-version N. A list takes all remaining arguments; options after an element of a list of
// messages belong to that element. A delete in a list has no value. Checksums are computed from the
// value. Tables, partitions and records are written as paths; if the message has a range, leading
// parts of a sort key after the partition mean the range of keys that start with them.
#pragma once

#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/operation_list.h"
#include "protocol/text_slots.h"
#include "protocol/text_token.h"

namespace smile {

// A request and the bytes that it points into. Movable; the views stay valid.
template <class Row>
struct TextRequest {
  typename Row::Request request;
  TextBytes bytes;
};

// The syntax of an operation, for help and completion.
struct TextUsage {
  std::string line;  // "get KEY"
  std::vector<TextArgument> arguments;
};

template <class Row>
TextUsage UsageOf() {
  TextUsage usage;
  usage.line = std::string(Row::kInfo.name);
  text_internal::DescribeArguments<typename Row::Request>(&usage.line, &usage.arguments);
  return usage;
}

// Reads the arguments after the operation's name. kInvalid, with a message that ends with the usage
// line, if they are not such a request; or the status of `content`.
template <class Row>
Result<TextRequest<Row>> ReadRequest(std::span<const TextToken> arguments,
                                     const ContentReader& content = {}) {
  TextRequest<Row> read;
  TextInput input{arguments, content, &read.bytes};
  Status status = text_internal::ReadMessage(&input, &read.request);
  if (status.ok()) return read;
  if (status.code() != Code::kInvalid) return status;
  return Status(Code::kInvalid, status.message() + " (usage: " + UsageOf<Row>().line + ")");
}

// Reads a request, whose first token is the operation's name, and calls handler(Row{},
// TextRequest<Row>). On failure the handler is not called: kUnsupported for a name that is not in
// List, otherwise the status of ReadRequest.
template <class List, class Handler>
Status ReadAnyRequest(std::span<const TextToken> tokens, const ContentReader& content,
                      Handler&& handler) {
  if (tokens.empty()) return {Code::kInvalid, "missing operation"};
  Status status = text_internal::UnknownOperation(tokens[0].text, List::Names());
  List::ForEach([&]<class Row>() {
    if (Row::kInfo.name != tokens[0].text) return;
    Result<TextRequest<Row>> read = ReadRequest<Row>(tokens.subspan(1), content);
    status = read.status();
    if (read.ok()) handler(Row{}, std::move(*read));
  });
  return status;
}

}  // namespace smile
