// Many stored values at once, a bounded number in memory at a time.
#pragma once

#include <rocksdb/options.h>

#include <span>

#include "base/function_ref.h"
#include "base/result.h"
#include "model/tables.h"
#include "storage/rocks/rocks_database.h"

namespace smile {

// As many as RocksDB itself looks up together.
inline constexpr size_t kMultiGetKeys = 32;

struct TableKeyView {
  Table table;
  ByteView encoded;
};

struct EncodedTableKey {
  Table table;
  Bytes encoded;
};

// At most kMultiGetKeys keys, possibly none, in one question to RocksDB. `values` and `statuses`
// have room for as many.
void MultiGetAtOnce(const RocksDatabase& database, const rocksdb::ReadOptions& options,
                    std::span<const TableKeyView> keys, rocksdb::PinnableSlice* values,
                    rocksdb::Status* statuses);

// Calls `each` for every key, in their order, with its index and what is stored there (valid during
// the call), kNotFound, or what Damage::FailedRead says; until it returns false. May wait for the
// disk.
void MultiGet(const RocksDatabase& database, std::span<const EncodedTableKey> keys,
              FunctionRef<bool(size_t index, Result<ByteView> stored)> each);

}  // namespace smile
