// Number records: records whose value is a decimal integer, to which ADD adds.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace smile {

// What ADD adds to a number record.
struct Addition {
  int64_t amount = 0;  // added
  bool saturate =
      false;  // a sum outside of the range becomes its nearest bound, and is not refused
};

// A value that is an optional '-' and 1 to 19 digits, from -2^63 to 2^63 - 1; otherwise nullopt.
std::optional<int64_t> ParseNumber(ByteView value);

// The value of a number record: decimal, without leading zeros.
Bytes FormatNumber(int64_t number);

// nullopt: the sum is outside of the range.
std::optional<int64_t> AddTo(int64_t number, const Addition& addition);

}  // namespace smile
