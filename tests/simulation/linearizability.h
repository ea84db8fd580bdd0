// Checks whether the history of one record is linearizable: whether there is an order of the
// operations in which each took effect at one moment between its start and its end.
//
// The search is that of J. Wing and C. Gong, "Testing and Verifying Concurrent Objects" (1993),
// with the memory of visited states that G. Lowe added ("Testing for Linearizability", 2017).
// Exponential in the worst case; histories here are short.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace smile {

// An operation on one record. Values are numbers; 0 means that the record is absent.
struct HistoryOperation {
  enum class Kind : uint8_t { kGet, kPut, kDelete, kPutIfAbsent };
  enum class Outcome : uint8_t { kDone, kConditionFailed, kUnknown };

  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

  Kind kind = Kind::kGet;
  Outcome outcome = Outcome::kUnknown;
  uint64_t value = 0;  // written, or for a get seen
  uint64_t begin = 0;
  uint64_t end = kNever;  // kNever: its answer never came, it may take effect at any time or not
  // Operations of one connection take effect in the order of the history; 0: no such order.
  uint64_t connection = 0;
};

// At most 64 operations.
bool IsLinearizable(const std::vector<HistoryOperation>& history);

// For error messages.
std::string ToText(const std::vector<HistoryOperation>& history);

}  // namespace smile
