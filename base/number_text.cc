#include "base/number_text.h"

#include <charconv>
#include <string>

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"

namespace smile {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// Removes the digits at the front of *text; false if there are none.
bool SkipDigits(std::string_view* text) {
  size_t count = 0;
  while (count < text->size() && IsDigit((*text)[count])) ++count;
  text->remove_prefix(count);
  return count > 0;
}

bool IsDecimal(std::string_view text) {
  if (!SkipDigits(&text)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!SkipDigits(&text)) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (!SkipDigits(&text)) return false;
  }
  return text.empty();
}

std::string ToText(uint64_t number) {
  return fmt::format("{}", number);
}

std::string ToText(double number) {
  return fmt::format("{:.12g}", number);  // 10000000, not 1e+07
}

template <class Number>
Result<Number> Read(std::string_view what, std::string_view text, bool well_formed, Number min,
                    Number max) {
  CHECK(min <= max);
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const bool read = well_formed && error == std::errc() && stop == end;
  if (read && number >= min && number <= max) return number;
  return Status(Code::kInvalid, fmt::format("\"{}\" is not {} from {} to {}", Printable(text), what,
                                            ToText(min), ToText(max)));
}

}  // namespace

Result<uint64_t> ReadInteger(std::string_view text, uint64_t min, uint64_t max) {
  std::string_view rest = text;
  const bool well_formed =
      SkipDigits(&rest) && rest.empty() && (text.size() == 1 || text[0] != '0');
  return Read("an integer", text, well_formed, min, max);
}

Result<double> ReadDecimal(std::string_view text, double min, double max) {
  return Read("a number", text, IsDecimal(text), min, max);
}

}  // namespace smile
