// The operations on the server itself.
#pragma once

#include <cstdint>
#include <vector>

#include "protocol/field.h"
#include "protocol/operation_list.h"

namespace smile {

namespace op {

// One counter or gauge.
struct Stat {
  ByteView name = {};
  uint64_t value = 0;

  static constexpr auto Fields() {
    return FieldList{Field<&Stat::name>{"name", "dotted name that ends in the unit"},
                     Field<&Stat::value>{"value", "current value"}};
  }
};

struct Stats {
  static constexpr OperationInfo kInfo{10, "stats", "returns counters and gauges of the server",
                                       Effect::kAdmin, 1};

  struct Request {
    static constexpr auto Fields() { return FieldList{}; }
  };

  struct Response {
    std::vector<Stat> stats = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Response::stats>{"stats", "sorted by name"}};
    }
  };
};

}  // namespace op

// The operations of this family.
using AdminOperations = OperationList<op::Stats>;

}  // namespace smile
