#include "storage/rocks/multi_get.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace smile {

void MultiGetAtOnce(const RocksDatabase& database, const rocksdb::ReadOptions& options,
                    std::span<const TableKeyView> keys, rocksdb::PinnableSlice* values,
                    rocksdb::Status* statuses) {
  CHECK(keys.size() <= kMultiGetKeys);
  if (keys.empty()) return;
  std::array<rocksdb::ColumnFamilyHandle*, kMultiGetKeys> families;
  std::array<rocksdb::Slice, kMultiGetKeys> slices;
  for (size_t i = 0; i < keys.size(); ++i) {
    families[i] = database.family(keys[i].table);
    CHECK(families[i] != nullptr, "the caller holds a Use");
    slices[i] = keys[i].encoded;
    values[i].Reset();
  }
  database.db()->MultiGet(options, keys.size(), families.data(), slices.data(), values, statuses);
}

void MultiGet(const RocksDatabase& database, std::span<const EncodedTableKey> keys,
              FunctionRef<bool(size_t index, Result<ByteView> stored)> each) {
  std::array<TableKeyView, kMultiGetKeys> views;
  std::array<rocksdb::PinnableSlice, kMultiGetKeys> values;
  std::array<rocksdb::Status, kMultiGetKeys> statuses;
  const rocksdb::ReadOptions options;
  for (size_t begin = 0; begin < keys.size(); begin += kMultiGetKeys) {
    const size_t count = std::min(kMultiGetKeys, keys.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      views[i] = {keys[begin + i].table, keys[begin + i].encoded};
    }
    MultiGetAtOnce(database, options, {views.data(), count}, values.data(), statuses.data());
    for (size_t i = 0; i < count; ++i) {
      const rocksdb::Status& status = statuses[i];
      const bool go_on = status.ok() ? each(begin + i, ByteView(values[i].data(), values[i].size()))
                         : status.IsNotFound()
                             ? each(begin + i, Status(Code::kNotFound, ""))
                             : each(begin + i, database.damage().FailedRead(
                                                   views[i].table, views[i].encoded, status));
      if (!go_on) return;
    }
  }
}

}  // namespace smile
