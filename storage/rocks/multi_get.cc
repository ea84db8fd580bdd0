#include "storage/rocks/multi_get.h"

#include <algorithm>
#include <array>

#include "storage/rocks/rocks_status.h"

namespace smile {
namespace {

// As many as RocksDB itself looks up together.
constexpr size_t kKeysAtOnce = 32;

}  // namespace

void MultiGet(const RocksDatabase& database, std::span<const EncodedTableKey> keys,
              FunctionRef<bool(size_t index, Result<ByteView> stored)> each) {
  std::array<rocksdb::ColumnFamilyHandle*, kKeysAtOnce> families;
  std::array<rocksdb::Slice, kKeysAtOnce> slices;
  std::array<rocksdb::PinnableSlice, kKeysAtOnce> values;
  std::array<rocksdb::Status, kKeysAtOnce> statuses;
  const rocksdb::ReadOptions options;
  for (size_t begin = 0; begin < keys.size(); begin += kKeysAtOnce) {
    const size_t count = std::min(kKeysAtOnce, keys.size() - begin);
    for (size_t i = 0; i < count; ++i) {
      families[i] = database.family(keys[begin + i].table);
      slices[i] = keys[begin + i].encoded;
      values[i].Reset();
    }
    database.db()->MultiGet(options, count, families.data(), slices.data(), values.data(),
                            statuses.data());
    for (size_t i = 0; i < count; ++i) {
      const rocksdb::Status& status = statuses[i];
      const bool go_on = status.ok() ? each(begin + i, ByteView(values[i].data(), values[i].size()))
                         : status.IsNotFound() ? each(begin + i, Status(Code::kNotFound, ""))
                                               : each(begin + i, StatusOfRead(status));
      if (!go_on) return;
    }
  }
}

}  // namespace smile
