#include "storage/rocks/table_walk.h"

#include <memory>

#include "base/check.h"
#include "storage/rocks/past_damage.h"
#include "storage/rocks/slices.h"

namespace smile {

TableWalk::TableWalk(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, Table table,
                     ByteView lower, ByteView upper)
    : db_(db), family_(family), table_(table), lower_(lower), upper_(upper), upper_slice_(upper_) {}

rocksdb::ReadOptions TableWalk::Options() const {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.fill_cache = false;
  if (!upper_.empty()) options.iterate_upper_bound = &upper_slice_;
  return options;
}

void TableWalk::Run(const Visitor& visitor) {
  CHECK(visitor.record && visitor.damaged_value && visitor.gap);
  Bytes from = lower_;
  const rocksdb::ReadOptions options = Options();
  while (true) {
    // An iterator is not reused after a damaged block.
    const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options, family_));
    iterator->Seek(from);
    while (true) {
      if (iterator->Valid()) {
        from = Following(ViewOf(iterator->key()));
        visitor.record(ViewOf(iterator->key()), ViewOf(iterator->value()));
        iterator->Next();
      } else if (const auto unread = KeyOfDamagedValue(table_, iterator.get())) {
        from = Following(*unread);
        visitor.damaged_value(*unread, iterator->status());
        iterator->Seek(from);
      } else {
        break;
      }
    }
    if (iterator->status().ok()) return;
    const Gap gap(db_, family_, table_, options, from, /*meter=*/nullptr);
    // `from` is the key after the last record, or the start of the walk.
    const bool has_last = from.size() > lower_.size() || from > lower_;
    const ByteView after = has_last ? ByteView(from).substr(0, from.size() - 1) : ByteView(lower_);
    visitor.gap(after, gap.end(), iterator->status());
    if (gap.end().empty()) return;
    from = gap.end();
  }
}

}  // namespace smile
