#include "protocol/text_time.h"

#include <ctime>
#include <iterator>

#include <fmt/format.h>

#include "base/check.h"

namespace smile {
namespace {

constexpr uint64_t kMillisPerSecond = 1000;
constexpr uint64_t kLastShownMillis = uint64_t{253402300799} * kMillisPerSecond;  // the year 9999

struct Unit {
  uint64_t seconds;
  char letter;
};
constexpr Unit kUnits[] = {{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}, {1, 's'}};
static_assert(std::rbegin(kUnits)->seconds == 1, "every whole second has a unit");

}  // namespace

std::string FormatTime(uint64_t unix_millis) {
  if (unix_millis > kLastShownMillis) return std::to_string(unix_millis);
  const auto seconds = static_cast<std::time_t>(unix_millis / kMillisPerSecond);
  std::tm utc{};
  CHECK(::gmtime_r(&seconds, &utc) != nullptr, "the year fits");
  const uint64_t rest = unix_millis % kMillisPerSecond;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     rest == 0 ? "" : fmt::format(".{:03}", rest));
}

std::string FormatTimeLeft(uint64_t unix_millis, uint64_t now_millis) {
  if (unix_millis <= now_millis) return "0s";
  const uint64_t left = unix_millis - now_millis;
  if (left < kMillisPerSecond) return fmt::format("{}ms", left);
  uint64_t seconds = left / kMillisPerSecond;
  std::string text;
  for (size_t i = 0; i < std::size(kUnits); ++i) {
    if (seconds < kUnits[i].seconds) continue;
    text = fmt::format("{}{}", seconds / kUnits[i].seconds, kUnits[i].letter);
    seconds %= kUnits[i].seconds;
    if (i + 1 < std::size(kUnits) && seconds >= kUnits[i + 1].seconds) {
      text += fmt::format("{}{}", seconds / kUnits[i + 1].seconds, kUnits[i + 1].letter);
    }
    break;
  }
  CHECK(!text.empty());
  return text;
}

}  // namespace smile
