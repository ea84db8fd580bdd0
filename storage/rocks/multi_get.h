// Reads many stored values at once, a bounded number of them in memory at a time.
#pragma once

#include <rocksdb/options.h>

#include <span>

#include "base/function_ref.h"
#include "base/result.h"
#include "model/tables.h"
#include "storage/rocks/rocks_database.h"

namespace smile {

// The number of keys that RocksDB itself looks up together.
inline constexpr size_t kMultiGetKeys = 32;

struct TableKeyView {
  Table table;
  ByteView encoded;
};

struct EncodedTableKey {
  Table table;
  Bytes encoded;
};

// Looks up at most kMultiGetKeys keys, possibly none, in one call of RocksDB. `values` and
// `statuses` have at least keys.size() elements.
void MultiGetAtOnce(const RocksDatabase& database, const rocksdb::ReadOptions& options,
                    std::span<const TableKeyView> keys, rocksdb::PinnableSlice* values,
                    rocksdb::Status* statuses);

// Calls `each` for every key, in order, with its index and the stored value (valid during the
// call), kNotFound, or the result of Damage::FailedRead, until it returns false. May wait for the
// disk.
void MultiGet(const RocksDatabase& database, std::span<const EncodedTableKey> keys,
              FunctionRef<bool(size_t index, Result<ByteView> stored)> each);

}  // namespace smile
