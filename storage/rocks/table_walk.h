// Walks over all records of a table, or of a range of it, and past damage.
#pragma once

#include <rocksdb/db.h>

#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/function_ref.h"
#include "model/tables.h"

namespace smile {

class TableWalk {
 public:
  struct Visitor {
    // A stored record.
    std::function<void(ByteView encoded, ByteView stored)> record;
    // A record whose value, in a blob file, cannot be read.
    std::function<void(ByteView encoded, const rocksdb::Status& status)> damaged_value;
    // What is after `after` (empty: from the start) and before `before` (empty: to the end) cannot
    // be read.
    std::function<void(ByteView after, ByteView before, const rocksdb::Status& status)> gap;
  };

  // From `lower`, inclusive, to `upper`, exclusive; empty: unbounded.
  TableWalk(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, Table table, ByteView lower,
            ByteView upper);

  void Run(const Visitor& visitor);

 private:
  rocksdb::ReadOptions Options() const;

  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const family_;
  const Table table_;
  const Bytes lower_;
  const Bytes upper_;
  const rocksdb::Slice upper_slice_;
};

}  // namespace smile
