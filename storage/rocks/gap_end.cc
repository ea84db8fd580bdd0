#include "storage/rocks/gap_end.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "storage/key_encoding.h"

namespace smile {
namespace {

// The initial width of a name.
constexpr size_t kNameBytes = 24;

size_t WidthOf(const Part& part) {
  const size_t width = WidthOf(part.type);
  return width == 0 ? kNameBytes : width;
}

bool HasNames(Table table) {
  const TableInfo& info = InfoOf(table);
  const std::span<const Part> sort = info.sort();
  return WidthOf(sort.empty() ? info.partition.type : sort.back().type) == 0;
}

// The number of bytes of a key that are treated as a number. With a name, at least the size of
// `from`, so that no key before it is probed.
size_t KeyWidth(Table table, ByteView from) {
  const TableInfo& info = InfoOf(table);
  size_t width = WidthOf(info.partition);
  for (const Part& part : info.sort()) width += WidthOf(part);
  return HasNames(table) ? std::max(width, from.size()) : width;
}

Bytes NumberOf(ByteView key, size_t width) {
  Bytes number(key.substr(0, width));
  number.resize(width, '\0');
  return number;
}

// number + 256^power; false if that does not fit.
bool Add(size_t power, Bytes* number) {
  CHECK(power < number->size());
  for (size_t i = number->size() - power; i-- > 0;) {
    const auto digit = static_cast<uint8_t>((*number)[i]);
    (*number)[i] = static_cast<char>(digit + 1);
    if (digit != UINT8_MAX) return true;
  }
  return false;
}

// (a + b) / 2, for numbers of the same width.
Bytes Middle(ByteView a, ByteView b) {
  CHECK(a.size() == b.size());
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

// Between a key that cannot be read and one that can.
class Search {
 public:
  Search(size_t width, ByteView from, ByteView upper, Probe probe)
      : upper_(upper), probe_(probe), low_(NumberOf(from, width)) {}

  // Moves away from the damage in ever larger steps, so that what is readable nearby is not
  // skipped. False: nothing can be read.
  bool StepAway() {
    const size_t width = low_.size();
    for (size_t power = 0; power < width && MayAsk(); ++power) {
      Bytes next = low_;
      if (!Add(power, &next) || (!upper_.empty() && next >= upper_)) break;
      Ask(std::move(next));
      if (!high_.empty()) return true;
    }
    if (upper_.empty()) return false;
    high_ = NumberOf(upper_, width);
    return true;
  }

  void Halve() {
    while (MayAsk()) {
      Bytes middle = Middle(low_, high_);
      if (middle == low_) return;
      Ask(std::move(middle));
    }
  }

  // Names may differ in later bytes: adds a byte at a time, until only names with a zero byte at
  // that position could be between the two.
  void Refine() {
    while (MayAsk() && low_.size() < kMaxEncodedKeyBytes) {
      low_.push_back('\0');
      high_.push_back('\0');
      Halve();
      if (low_.back() == '\0') return;
    }
  }

  Bytes End() && { return upper_.empty() || found_ < upper_ ? std::move(found_) : Bytes(); }

 private:
  bool MayAsk() const { return asked_ < limits::kMaxGapProbes; }

  void Ask(Bytes key) {
    std::optional<Bytes> first = probe_(key);
    ++asked_;
    if (first.has_value()) {
      high_ = std::move(key);
      found_ = std::move(*first);
    } else {
      low_ = std::move(key);
    }
  }

  const ByteView upper_;
  const Probe probe_;
  Bytes low_;    // cannot be read
  Bytes high_;   // can be read, if not empty
  Bytes found_;  // the first key at or after high_
  size_t asked_ = 0;
};

}  // namespace

Bytes FindGapEnd(Table table, ByteView from, ByteView upper, Probe probe) {
  Search search(KeyWidth(table, from), from, upper, probe);
  if (!search.StepAway()) return {};
  search.Halve();
  if (HasNames(table)) search.Refine();
  return std::move(search).End();
}

}  // namespace smile
