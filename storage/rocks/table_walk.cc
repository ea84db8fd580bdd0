#include "storage/rocks/table_walk.h"

#include <rocksdb/utilities/debug.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "storage/key_encoding.h"
#include "storage/rocks/gap_end.h"
#include "storage/rocks/slices.h"

namespace smile {
namespace {

Bytes Following(ByteView key) {
  return Bytes(key) + '\0';
}

}  // namespace

TableWalk::TableWalk(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, Table table,
                     ByteView lower, ByteView upper,
                     std::function<bool(const rocksdb::TableProperties&)> table_filter)
    : db_(db),
      family_(family),
      table_(table),
      lower_(lower),
      upper_(upper),
      upper_slice_(upper_),
      table_filter_(std::move(table_filter)) {}

rocksdb::ReadOptions TableWalk::Options() const {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.fill_cache = false;
  options.table_filter = table_filter_;
  if (!upper_.empty()) options.iterate_upper_bound = &upper_slice_;
  return options;
}

void TableWalk::Run(const Visitor& visitor) {
  Bytes from = lower_;
  Bytes last;
  while (true) {
    // An iterator that has met damage is not used again: a new one begins without its blocks.
    const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(Options(), family_));
    for (iterator->Seek(from); iterator->Valid(); iterator->Next()) {
      last = Bytes(ViewOf(iterator->key()));
      visitor.record(last, ViewOf(iterator->value()));
      from = Following(last);
    }
    if (iterator->status().ok()) return;
    Bytes next = PassDamage(from, iterator->status(), visitor);
    if (next.empty()) return;
    from = std::move(next);
  }
}

Bytes TableWalk::PassDamage(ByteView from, const rocksdb::Status& status, const Visitor& visitor) {
  // The next key of the same partition with its value unread, if the block that holds it can be
  // read. (For other partitions RocksDB may leave out files that have nothing of this one.)
  std::vector<rocksdb::KeyVersion> next;
  const auto find_next = [&](ByteView key) {
    next.clear();
    (void)rocksdb::GetAllKeyVersions(db_, family_, rocksdb::Slice(key.data(), key.size()),
                                     upper_slice_, 1, &next);
    const size_t partition = EncodedPartitionSize(table_, key);
    return !next.empty() && partition > 0 &&
           next[0].user_key.starts_with(key.substr(0, partition)) &&
           (upper_.empty() || next[0].user_key < upper_);
  };
  if (!table_filter_) {
    for (Bytes key(from); find_next(key); key = Following(next[0].user_key)) {
      std::string value;
      const rocksdb::Status got =
          db_->Get(rocksdb::ReadOptions(), family_, next[0].user_key, &value);
      if (got.IsNotFound()) continue;  // deleted; what cannot be read comes after it
      if (got.ok()) return Bytes(next[0].user_key);
      visitor.damaged_value(next[0].user_key, got);
      return Following(next[0].user_key);
    }
  }
  const auto probe = [&](ByteView key) -> std::optional<Bytes> {
    const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(Options(), family_));
    iterator->Seek(rocksdb::Slice(key.data(), key.size()));
    if (iterator->Valid()) return Bytes(ViewOf(iterator->key()));
    if (iterator->status().ok()) return Bytes();
    if (!table_filter_ && find_next(key)) return Bytes(next[0].user_key);
    return std::nullopt;
  };
  Bytes end = FindGapEnd(table_, from, upper_, probe);
  // RocksDB names the table file in all words about one.
  const bool of_blob_file =
      table_ == Table::kBlobs && status.ToString().find(".sst") == std::string::npos;
  if (of_blob_file) return end;  // the walk comes upon the record there
  // `from` is the key after the last record, or the walk's beginning.
  const bool has_last = from.size() > lower_.size() || from > lower_;
  visitor.gap(has_last ? from.substr(0, from.size() - 1) : ByteView(lower_), end, status);
  return end;
}

}  // namespace smile
