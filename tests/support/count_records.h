// For tests: how many records an engine that answers inline has in a table.
#pragma once

#include <cstddef>

#include "tests/support/each_record.h"

namespace smile {

inline size_t CountRecords(Engine* engine, Table table) {
  size_t count = 0;
  EachRecord(engine, table, [&](const Key&, const Record&) { ++count; });
  return count;
}

// The same of a partition.
inline size_t CountRecords(Engine* engine, Table table, const Bytes& partition) {
  size_t count = 0;
  EachRecord(engine, table, partition, [&](const Key&, const Record&) { ++count; });
  return count;
}

}  // namespace smile
