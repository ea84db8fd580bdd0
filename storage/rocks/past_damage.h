// What a walk does when it meets damage to the files: a block of a table file, or a value in a blob
// file, that cannot be read.
//
// A damaged value leaves its iterator usable: KeyOfDamagedValue says which record it was, and a
// Seek behind it goes on. A damaged block ends the iterator for all files at once, because nobody
// knows which keys of the others it would have hidden. How far it reaches, and what can be read
// there all the same, is for Gap to find out.
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

// The key of the record at which an iterator ended because the record's value, in a blob file,
// cannot be read. Nothing: it ended otherwise.
std::optional<Bytes> KeyOfDamagedValue(Table table, rocksdb::Iterator* ended);

// The smallest key after this one.
Bytes Following(ByteView key);

// The keys that an iterator cannot get through, from where it ended.
class Gap {
 public:
  // What is shown of a record, and where to go on; an empty key: nowhere. Nothing: stop before it.
  using Each = FunctionRef<std::optional<Bytes>(ByteView encoded, ByteView stored)>;

  // `options` and what they point to are the iterator's, and outlive this; its upper bound is that
  // of the walk. `from` is the first key that the iterator could not say anything of: the one after
  // the last that it gave, or where it began. `meter`, which may be null, counts the work: the
  // whole is at most about two slices.
  //
  // After limits::kMaxGapProbes seeks the next place that was seen to be readable counts as the
  // end.
  Gap(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family, Table table,
      const rocksdb::ReadOptions& options, Bytes from, SliceMeter* meter);

  // Where an iterator can go on; empty: there is nothing left below the upper bound.
  const Bytes& end() const { return end_; }

  // Shows the records in the gap that can be read: those whose newest version is not in a damaged
  // block. Each is looked up by its key, newest file first, so no version that a damaged block may
  // hide comes to light. Returns where it stopped: the gap's end, or a key before it if `each` said
  // so or a slice's work was done.
  Bytes ForEachReadable(Each each);

 private:
  // One damaged block, or what is left of it after the one before.
  struct Part {
    rocksdb::Status damage;
    Bytes end;  // empty: the gap's end is that of the walk
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
  std::optional<Bytes> readable_;  // the first that was seen to be
  std::vector<Part> parts_;
  Bytes end_;
};

}  // namespace smile
