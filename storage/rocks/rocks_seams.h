// Access to the inside of a RocksEngine for tests: they provide its file system, and control when
// RocksDB flushes and compacts and when readers wait. Nothing else uses this.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <memory>

#include "storage/reader_pool.h"
#include "storage/rocks/blob_collector.h"
#include "storage/rocks/rocks_engine.h"
#include "storage/rocks/use_gate.h"
#include "storage/rocks/walk_slice.h"

namespace smile {

class RocksSeams {
 public:
  // RocksEngine::Open on another Env, which outlives the engine.
  static Result<std::unique_ptr<RocksEngine>> Open(const RocksOptions& options, const Clock* clock,
                                                   const Logger* log, rocksdb::Env* env);
  // The database is not reopened while the Use exists.
  [[nodiscard]] static UseGate::Use Enter(RocksEngine* engine);
  static rocksdb::DB* Database(RocksEngine* engine);
  static rocksdb::ColumnFamilyHandle* Family(RocksEngine* engine, Table table);
  static BlobCollector* Collector(RocksEngine* engine);
  static ReaderPool* Readers(RocksEngine* engine);
  static ReaderPool* PatientReaders(RocksEngine* engine);
  // For later walks; no walk is running.
  static void SetWalkBudget(RocksEngine* engine, const WalkBudget& budget);
};

}  // namespace smile
