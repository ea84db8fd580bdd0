// Where tests reach into a RocksEngine: they put a file system of their own under it, and make
// RocksDB flush and compact, and readers wait, when they want it. Nothing else uses this.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <memory>

#include "storage/reader_pool.h"
#include "storage/rocks/rocks_engine.h"
#include "storage/rocks/walk_slice.h"

namespace smile {

class RocksSeams {
 public:
  // RocksEngine::Open on another Env, which outlives the engine.
  static Result<std::unique_ptr<RocksEngine>> Open(const RocksOptions& options, const Clock* clock,
                                                   const Logger* log, rocksdb::Env* env);
  static rocksdb::DB* Database(RocksEngine* engine);
  static rocksdb::ColumnFamilyHandle* Family(RocksEngine* engine, Table table);
  static ReaderPool* Readers(RocksEngine* engine);
  // For walks that begin later; nothing walks now.
  static void SetWalkBudget(RocksEngine* engine, const WalkBudget& budget);
};

}  // namespace smile
