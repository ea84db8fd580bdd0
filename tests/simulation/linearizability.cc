#include "tests/simulation/linearizability.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace smile {
namespace {

using Kind = HistoryOperation::Kind;
using Outcome = HistoryOperation::Outcome;

// The record after `operation` took effect on a record in `state`; empty if its result contradicts
// that.
std::optional<uint64_t> Apply(const HistoryOperation& operation, uint64_t state) {
  switch (operation.kind) {
    case Kind::kGet:
      if (operation.value != state) return std::nullopt;
      return state;
    case Kind::kPut:
      return operation.value;
    case Kind::kDelete:
      return 0;
    case Kind::kPutIfAbsent:
      if (operation.outcome == Outcome::kConditionFailed) {
        if (state == 0) return std::nullopt;
        return state;
      }
      if (state == 0) return operation.value;
      if (operation.outcome == Outcome::kUnknown) return state;
      return std::nullopt;
  }
  return std::nullopt;
}

bool OnlyLooks(const HistoryOperation& operation) {
  return operation.kind == Kind::kGet || operation.outcome == Outcome::kConditionFailed;
}

class Search {
 public:
  explicit Search(const std::vector<HistoryOperation>& history) : history_(history) {
    CHECK(history.size() <= 64);
    for (size_t i = 0; i < history.size(); ++i) {
      if (history[i].end != HistoryOperation::kNever) must_ |= uint64_t{1} << i;
    }
  }

  bool From(uint64_t taken, uint64_t state) {
    if ((taken & must_) == must_) return true;
    if (!visited_.insert({taken, state}).second) return false;
    const uint64_t first_end = FirstEnd(taken);
    // An operation that changes nothing and fits now can be taken now without losing an order.
    for (size_t i = 0; i < history_.size(); ++i) {
      const uint64_t bit = uint64_t{1} << i;
      if (!MayBeNext(i, taken, first_end) || !OnlyLooks(history_[i])) continue;
      if (Apply(history_[i], state).has_value()) return From(taken | bit, state);
    }
    for (size_t i = 0; i < history_.size(); ++i) {
      const uint64_t bit = uint64_t{1} << i;
      if (!MayBeNext(i, taken, first_end)) continue;
      const std::optional<uint64_t> next = Apply(history_[i], state);
      if (next.has_value() && From(taken | bit, *next)) return true;
    }
    return false;
  }

 private:
  // An operation must not take effect after the end of one that has not yet, nor before an earlier
  // one of its connection.
  bool MayBeNext(size_t i, uint64_t taken, uint64_t first_end) const {
    if ((taken & (uint64_t{1} << i)) != 0 || history_[i].begin > first_end) return false;
    if (history_[i].connection == 0) return true;
    for (size_t j = 0; j < i; ++j) {
      const bool before = history_[j].connection == history_[i].connection;
      if (before && (taken & (uint64_t{1} << j)) == 0) return false;
    }
    return true;
  }

  uint64_t FirstEnd(uint64_t taken) const {
    uint64_t first = HistoryOperation::kNever;
    for (size_t i = 0; i < history_.size(); ++i) {
      if ((taken & (uint64_t{1} << i)) == 0) first = std::min(first, history_[i].end);
    }
    return first;
  }

  const std::vector<HistoryOperation>& history_;
  uint64_t must_ = 0;  // those that were answered
  std::set<std::pair<uint64_t, uint64_t>> visited_;
};

}  // namespace

bool IsLinearizable(const std::vector<HistoryOperation>& history) {
  return Search(history).From(0, 0);
}

std::string ToText(const std::vector<HistoryOperation>& history) {
  static constexpr const char* kKinds[] = {"get", "put", "delete", "put_if_absent"};
  static constexpr const char* kOutcomes[] = {"done", "condition failed", "unknown"};
  std::string text;
  for (const HistoryOperation& it : history) {
    text +=
        fmt::format("  {} {} [{}, {}] {}\n", kKinds[static_cast<int>(it.kind)], it.value, it.begin,
                    it.end == HistoryOperation::kNever ? "never" : std::to_string(it.end),
                    kOutcomes[static_cast<int>(it.outcome)]);
  }
  return text;
}

}  // namespace smile
