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
  // Each element of a list on its own indented line; otherwise all on one line, in brackets.
  bool list_lines = false;
  // Longer byte strings are truncated, and followed by their full length. 0: no limit.
  size_t max_bytes = 0;
  // Times as dates, with the TTL from this time on: "expires=2026-… ttl=59m", and nothing for
  // never. If absent, times are numbers: "expires_ms=0".
  std::optional<uint64_t> now_millis = std::nullopt;
  // Leaves out fields with the usual value (outcome=found, gap=false).
  bool brief = false;
  // Field names in colour, for a terminal.
  bool colour = false;
};

// key=users/42/profile version=7 value="Ada" …
//
// Bytes are quoted (protocol/text_token.h) if they are printable text: well-formed UTF-8 without
// control characters other than newline and tab; otherwise they are 0x… . Fields of nested messages
// are shown like those of the outer message; elements of lists are { … }. One line, unless
// list_lines is set.
std::string WriteLine(const TextNode& message, const LineStyle& style = {});

// Bytes in the form of such a line.
std::string FormatBytes(ByteView bytes, const LineStyle& style = {});

// A message as a JSON object on one line, fields in order. Numbers are exact up to 2^64 - 1. A byte
// field NAME is "NAME": "…" if it is well-formed UTF-8, otherwise "NAME_base64": "…"; in a list of
// bytes such an element is {"base64": "…"}.
std::string WriteJson(const TextNode& message);

}  // namespace smile
