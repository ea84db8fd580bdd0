// Finds, while the database is served, table files that cannot be opened.
//
// RocksDB opens only some files when it starts, the others when they are first read, and it reads
// parts of an index as they are needed. So a file whose index or footer is damaged, or that is
// missing, may be found by a read or a compaction. That read is answered `corrupt`. The files that
// it may have met are then examined, and those that cannot be opened are rebuilt
// (storage/rocks/rebuilt_table.h); RocksDB uses the rebuilt ones once it is opened again.
#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "storage/rocks/damage.h"
#include "storage/rocks/rebuilt_table.h"

namespace smile {

class RocksDatabase;

// Used by the upkeep thread. The search has a thread of its own, since it may read whole files.
class UnopenableFiles {
 public:
  // The database, clock and environment outlive it. `env` shows the files as they are on the disk.
  UnopenableFiles(const RocksDatabase* database, std::shared_ptr<RebuiltTables> rebuilt,
                  const Clock* clock, rocksdb::Env* env);
  ~UnopenableFiles() { Stop(); }
  UnopenableFiles(const UnopenableFiles&) = delete;
  UnopenableFiles& operator=(const UnopenableFiles&) = delete;

  // Begins a search if damage was met since the last one began. Called every kUpkeepPeriod, with an
  // open database.
  void Tick();
  // Ends the search after the file that it examines. No Tick follows.
  void Stop();

 private:
  void Search(const std::vector<Damage::Place>& places);
  void Examine(const rocksdb::LiveFileMetaData& file);
  bool IsLive(const rocksdb::LiveFileMetaData& file) const;
  // None while the database is reopened.
  std::vector<rocksdb::LiveFileMetaData> LiveFiles() const;

  const RocksDatabase* const database_;
  const std::shared_ptr<RebuiltTables> rebuilt_;
  const Clock* const clock_;
  rocksdb::Env* const env_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> searching_{false};
  int64_t next_search_nanos_ = 0;  // not before; used by the upkeep thread
  std::thread thread_;
  std::map<uint64_t, int64_t> examined_nanos_;  // by number of the file; used by the search
};

}  // namespace smile
