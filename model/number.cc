#include "model/number.h"

#include <charconv>
#include <limits>
#include <string>

namespace smile {

std::optional<int64_t> ParseNumber(ByteView value) {
  constexpr size_t kMostDigits = 19;
  const size_t sign = value.starts_with('-') ? 1 : 0;
  if (value.size() <= sign || value.size() > sign + kMostDigits) return std::nullopt;
  int64_t number = 0;
  const char* const end = value.data() + value.size();
  const auto [stopped, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

Bytes FormatNumber(int64_t number) {
  return std::to_string(number);
}

std::optional<int64_t> AddTo(int64_t number, const Addition& addition) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(number, addition.amount, &sum)) return sum;
  if (!addition.saturate) return std::nullopt;
  using Limits = std::numeric_limits<int64_t>;
  return addition.amount > 0 ? Limits::max() : Limits::min();
}

}  // namespace smile
