// Numbers as people write them on a command line: decimal digits and nothing else.
//
// Library conversions also take "nan", "inf", "0x10", "010" as octal, signs, spaces and digits with
// separators; an option that takes those means something else than its user. They are kInvalid
// here, as is a number out of range. The message says what was given and what would be taken.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace smile {

// Digits without a leading zero.
Result<uint64_t> ReadInteger(std::string_view text, uint64_t min, uint64_t max);

// Digits, then optionally a fraction, then optionally an exponent: 10, 0.5, 1e6. 0 <= min.
Result<double> ReadDecimal(std::string_view text, double min, double max);

}  // namespace smile
