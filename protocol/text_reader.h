// Requests from text, derived from the fields of their operation:
//
//   get users/42/profile
//   put users/42/profile "Ada Lovelace" --if-absent --expire-seconds 60
//   scan links/42/friend --limit 20 --keys-only
//   batch users/42 put profile Ada --if-absent delete theme
//
// Required fields are arguments, in their order. Those that may be left out, and optional ones, are
// --name VALUE with dashes for underscores; a bool is a bare flag, a condition is --if-absent or
// --if-version N. A list takes all arguments that are left; options behind an element of a list of
// messages belong to that element. An element that is a delete has no value. Checksums are computed
// from the value. A path of a table, a partition or a record is read as such; where a partition
// stands and the message has a range, leading parts of a sort key behind it mean the range of the
// keys that begin with them.
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

// A request and the bytes that it points into; movable, the views stay good.
template <class Row>
struct TextRequest {
  typename Row::Request request;
  TextBytes bytes;
};

// How an operation is written, for help and completion.
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

// What stands behind the operation's name. kInvalid, in words that end with the usage line, for
// what is no such request; or what `content` says.
template <class Row>
Result<TextRequest<Row>> ReadRequest(std::span<const TextToken> arguments,
                                     const ContentReader& content = {}) {
  TextRequest<Row> read;
  TextInput input{arguments, content, &read.bytes};
  Status status = text_internal::ReadMessage(&input, &read.request);
  if (status.ok()) return read;
  if (status.code() != Code::kInvalid) return status;
  return Status(Code::kInvalid, status.words() + " (usage: " + UsageOf<Row>().line + ")");
}

// Reads a request by the operation's name, its first token, and calls handler(Row{},
// TextRequest<Row>) with it. If the answer is a failure, the handler was not called: kUnsupported
// for a name that is not in List, else what ReadRequest says.
template <class List, class Handler>
Status ReadAnyRequest(std::span<const TextToken> tokens, const ContentReader& content,
                      Handler&& handler) {
  if (tokens.empty()) return {Code::kInvalid, "there is no operation's name"};
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
