// A row of what `smilecat load` imports: named columns, from CSV or from JSON lines.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/result.h"

namespace smile::cat {

// Keeps members in the order of the file.
using Json = nlohmann::ordered_json;

// On one line; kInvalid, in words, if a string in it is not UTF-8.
Result<std::string> ToText(const Json& json);

// A column by its name; `index` is where it stands in a CSV row.
struct Column {
  std::string name;
  size_t index = 0;
};

struct Row {
  std::vector<Bytes> fields;  // CSV: one for each column of the header
  Json object;                // JSON lines: the object; null for CSV

  bool is_json() const { return object.is_object(); }

  // As text: a CSV field as it is, a JSON string's content, a JSON number or boolean as written.
  // kInvalid, in words, if there is no such column or it has no text form.
  Result<Bytes> Text(const Column& column) const;
};

// Where in a file the next row begins.
struct Position {
  uint64_t offset = 0;  // bytes from the start
  uint64_t line = 1;    // from 1
  uint64_t rows = 0;    // before it, without the header, bad ones included

  bool operator==(const Position&) const = default;
};

enum class RowEvent : uint8_t {
  kRow,     // here it is
  kBad,     // a row that cannot be read; reading goes on behind it
  kEnd,     // of the file
  kFailed,  // the file cannot be read any further
};

}  // namespace smile::cat
