// A row of what `smilecat load` imports: named columns, from CSV or from JSON lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"
#include "client/smilecat/json_object.h"

namespace smile::cat {

inline const uint64_t kHashOfNothing = Hash64({});

// A column by its name; `index` is where it stands in a CSV row.
struct Column {
  std::string name;
  size_t index = 0;
};

struct Row {
  std::vector<Bytes> fields;         // CSV: one for each column of the header
  std::optional<JsonObject> object;  // JSON lines

  bool is_json() const { return object.has_value(); }

  // As text: a CSV field as it is, a JSON string's content, a JSON number or boolean as written.
  // kInvalid, with a message, if there is no such column or it has no text form.
  Result<Bytes> Text(const Column& column) const;

  // As JSON: a CSV field as a string. kInvalid if there is no such column or it is not UTF-8.
  Result<std::string> Json(const Column& column) const;
};

// Where in a file the next row begins, and what is before it.
struct Position {
  uint64_t offset = 0;             // bytes from the start
  uint64_t line = 1;               // from 1
  uint64_t rows = 0;               // before it, without the header, bad ones included
  uint64_t hash = kHashOfNothing;  // Hash64 of the bytes before it

  bool operator==(const Position&) const = default;
};

// Lines of a file, from 1, the last one included.
struct LineRange {
  uint64_t first = 1;
  uint64_t last = 1;

  uint64_t count() const { return last - first + 1; }
  // "line 5", "lines 5 to 604"
  std::string ToString() const;
};

enum class RowEvent : uint8_t {
  kRow,     // here it is
  kBad,     // a row that cannot be read; reading goes on after it
  kEnd,     // of the file
  kFailed,  // the file cannot be read any further
};

}  // namespace smile::cat
