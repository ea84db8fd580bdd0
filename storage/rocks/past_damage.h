// How a walk continues past damage: a block of a table file, or a value in a blob file, that cannot
// be read.
//
// After a damaged value the iterator remains usable: KeyOfDamagedValue returns the key of the
// record, and a Seek to the next key continues. A damaged block ends the iterator for all files at
// once, because it is unknown which keys of other files the block would have hidden. Gap finds out
// how far the damage reaches, and what can still be read there.
#pragma once

#include <rocksdb/db.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/function_ref.h"
#include "model/tables.h"
#include "storage/rocks/walk_slice.h"

namespace smile {

// The key of the record at which an iterator ended because its value, in a blob file, cannot be
// read. Nothing: it ended for another reason.
std::optional<Bytes> KeyOfDamagedValue(Table table, rocksdb::Iterator* ended);

// The smallest key after this one.
Bytes Following(ByteView key);

// A range of keys that an iterator cannot get through.
class Gap {
 public:
  // Called with a readable record. Returns the key to continue at (empty: stop, done), or nothing
  // to stop before this record.
  using Each = FunctionRef<std::optional<Bytes>(ByteView encoded, ByteView stored)>;

  // `options` are those of the iterator; they and what they point to outlive this. Their upper
  // bound is that of the walk. `from` is the first key that the iterator could not reach: the one
  // after the last that it returned, or where it started. `meter`, which may be null, counts the
  // work, at most about two slices.
  //
  // After limits::kMaxGapProbes seeks, the next position that is known to be readable is taken for
  // the end.
  Gap(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, Table table,
      const rocksdb::ReadOptions& options, Bytes from, SliceMeter* meter);

  // Where an iterator can continue; empty: nothing remains below the upper bound.
  const Bytes& end() const { return end_; }

  // Calls `each` for the records in the gap that can be read: those whose newest version is not in
  // a damaged block. Each is looked up by its key, newest file first, so that no version is
  // returned that a damaged block may supersede. Returns where it stopped: the end of the gap, or a
  // key before that if `each` stopped or the work of a slice was done.
  Bytes ForEachReadable(Each each);

 private:
  // One damaged block, or what remains of it after the previous one.
  struct Part {
    rocksdb::Status damage;
    Bytes end;  // empty: the end of the walk
  };

  std::unique_ptr<rocksdb::Iterator> Seek(const rocksdb::ReadOptions& options, ByteView key);
  std::optional<Bytes> FirstFrom(ByteView key, rocksdb::Status* damage);
  std::optional<Bytes> Probe(ByteView key, const std::string& same_words);
  void FindParts();
  std::optional<Bytes> ForEachIn(const Part& part, Bytes* at, Each each);
  std::optional<Bytes> Walk(rocksdb::Iterator* iterator, Bytes* at, Each each);
  std::optional<Bytes> Show(ByteView key, Each each);
  bool over() const;

  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const family_;
  const Table table_;
  const rocksdb::ReadOptions& options_;
  const Bytes from_;
  SliceMeter* const meter_;
  size_t work_before_ = 0;
  size_t probes_ = 0;
  std::optional<Bytes> readable_;  // the smallest key that is known to be readable
  std::vector<Part> parts_;
  Bytes end_;
};

}  // namespace smile
