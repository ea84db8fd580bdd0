// Records that may be outdated, as a repair finds them. They are in a database of RocksDB's of
// their own, so memory is bounded however many there are. For one thread.
#pragma once

#include <rocksdb/db.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "model/tables.h"

namespace smile {

class DoubtfulRecords {
 public:
  // Removes what a repair that was interrupted left at `path`.
  static void RemoveLeftOver(const std::string& path);
  // In a new directory at `path`. kStorageFailed, with a message, if it cannot be made.
  static Result<std::unique_ptr<DoubtfulRecords>> Make(const std::string& path);
  // Removes the directory.
  ~DoubtfulRecords();
  DoubtfulRecords(const DoubtfulRecords&) = delete;
  DoubtfulRecords& operator=(const DoubtfulRecords&) = delete;

  // `line` describes the record. Without effect if the record was added before, or after a failure,
  // which ForEach returns.
  void Add(Table table, ByteView encoded, ByteView line);
  uint64_t count() const { return count_; }
  // The first `limit`, ordered by table and encoded key; the views are valid during the call. Ends
  // at the first failure, its own or that of `use`, and returns it: kStorageFailed, with a message.
  using Use = FunctionRef<Status(Table table, ByteView encoded, ByteView line)>;
  static constexpr uint64_t kAll = ~uint64_t{0};
  Status ForEach(uint64_t limit, Use use) const;

 private:
  DoubtfulRecords(std::string path, rocksdb::DB* db) : path_(std::move(path)), db_(db) {}

  const std::string path_;
  std::unique_ptr<rocksdb::DB> db_;
  uint64_t count_ = 0;
  rocksdb::Status failure_;  // of the first Add that failed
};

}  // namespace smile
