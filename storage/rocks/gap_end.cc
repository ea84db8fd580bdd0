#include "storage/rocks/gap_end.h"

#include <algorithm>
#include <cstdint>

#include "base/limits.h"

namespace smile {
namespace {

// Of a name; what differs only behind it is not told apart.
constexpr size_t kNameBytes = 24;

size_t WidthOf(const Part& part) {
  const size_t width = WidthOf(part.type);
  return width == 0 ? kNameBytes : width;
}

// As many bytes as a key is looked at as a number.
size_t KeyWidth(Table table) {
  const TableInfo& info = InfoOf(table);
  size_t width = WidthOf(info.partition);
  for (const Part& part : info.sort()) width += WidthOf(part);
  return width;
}

Bytes NumberOf(ByteView key, size_t width) {
  Bytes number(key.substr(0, width));
  number.resize(width, '\0');
  return number;
}

// number + 256^power; false if that does not fit.
bool Add(size_t power, Bytes* number) {
  for (size_t i = number->size() - power; i-- > 0;) {
    const auto digit = static_cast<uint8_t>((*number)[i]);
    (*number)[i] = static_cast<char>(digit + 1);
    if (digit != UINT8_MAX) return true;
  }
  return false;
}

// (a + b) / 2, for numbers of the same width.
Bytes Middle(ByteView a, ByteView b) {
  Bytes sum(a.size() + 1, '\0');
  unsigned carry = 0;
  for (size_t i = a.size(); i-- > 0;) {
    carry += static_cast<uint8_t>(a[i]) + unsigned{static_cast<uint8_t>(b[i])};
    sum[i + 1] = static_cast<char>(carry & 0xff);
    carry >>= 8;
  }
  sum[0] = static_cast<char>(carry);
  Bytes half;
  unsigned rest = 0;
  for (const char digit : sum) {
    const unsigned value = (rest << 8) | static_cast<uint8_t>(digit);
    half.push_back(static_cast<char>(value / 2));
    rest = value % 2;
  }
  return half.substr(1);
}

}  // namespace

Bytes FindGapEnd(Table table, ByteView from, ByteView upper, Probe probe) {
  const size_t width = KeyWidth(table);
  Bytes low = NumberOf(from, width);  // cannot be read
  Bytes high;                         // can be, if it is not empty
  Bytes found;                        // what stands first from there on
  size_t asked = 0;
  // Away from the damage in ever larger steps, so that what is readable nearby is not leapt over.
  for (size_t power = 0; power < width; ++power) {
    Bytes next = low;
    if (!Add(power, &next) || (!upper.empty() && next >= upper)) break;
    std::optional<Bytes> first = probe(next);
    ++asked;
    if (first.has_value()) {
      high = std::move(next);
      found = std::move(*first);
      break;
    }
    low = std::move(next);
  }
  if (high.empty()) {
    if (upper.empty()) return {};
    high = NumberOf(upper, width);
  }
  while (asked < limits::kMaxGapProbes) {
    Bytes middle = Middle(low, high);
    if (middle == low) break;
    std::optional<Bytes> first = probe(middle);
    ++asked;
    if (first.has_value()) {
      high = std::move(middle);
      found = std::move(*first);
    } else {
      low = std::move(middle);
    }
  }
  return upper.empty() || found < upper ? found : Bytes();
}

}  // namespace smile
