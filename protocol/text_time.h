// Times and durations as text for people.
#pragma once

#include <cstdint>
#include <string>

namespace smile {

// Unix milliseconds as ISO 8601 in UTC: "2026-11-26T17:22:42Z", with ".250" before the Z unless it
// is a whole second. Times after the year 9999 are written as the number.
std::string FormatTime(uint64_t unix_millis);

// The remaining time in its two largest units: "59m59s", "2d3h", "350ms"; "0s" if it is over.
std::string FormatTimeLeft(uint64_t unix_millis, uint64_t now_millis);

}  // namespace smile
