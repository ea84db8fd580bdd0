// Messages as text for people and programs: lines and JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "protocol/text_tree.h"

namespace smile {

struct LineStyle {
  // Elements of lists each on an indented line of their own; else all in one line, in brackets.
  bool list_lines = false;
  // Bytes over this are cut short, with their whole length behind them. 0: nothing is cut.
  size_t max_bytes = 0;
  // Points in time as dates, with what is left until then from this one on: "expires=2026-…
  // ttl=59m", nothing for never. Without it they are the numbers: "expires_ms=0".
  std::optional<uint64_t> now_millis = std::nullopt;
  // Leaves out fields with the usual value (outcome=found, gap=false).
  bool brief = false;
  // Names of fields in colour, for a terminal.
  bool colour = false;
};

// key=users/42/profile version=7 value="Ada" …
//
// Bytes stand in quotes (protocol/text_token.h) if they are printable text: well-formed UTF-8
// without control characters other than newline and tab; else as 0x… . Messages inside messages are
// shown as if their fields were the outer one's; elements of lists are { … }. Never a newline
// unless list_lines asks for it.
std::string WriteLine(const TextNode& message, const LineStyle& style = {});

// Bytes as they stand in such a line.
std::string FormatBytes(ByteView bytes, const LineStyle& style = {});

// A message as a JSON object in one line, fields in their order. Numbers are exact up to 2^64 - 1.
// Bytes named NAME are "NAME": "…" if they are well-formed UTF-8, else "NAME_base64": "…"; in a
// list of bytes such an element is {"base64": "…"}.
std::string WriteJson(const TextNode& message);

}  // namespace smile
