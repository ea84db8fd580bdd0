// Tells what goes wrong in RocksDB's background, and keeps RocksDB from resuming by itself.
//
// A resume in process is not safe. The write that met the error may be in the log and in the
// memtable without having advanced the sequence number: a resume flushes that memtable and gives
// the same sequence numbers out again. With an empty memtable it goes on with the log writer that
// failed. So RocksDB stays stopped until it is opened again, from its log
// (storage/rocks/rocks_database.h).
#pragma once

#include <rocksdb/listener.h>

#include <functional>
#include <utility>

#include "base/log.h"

namespace smile {

class ErrorListener final : public rocksdb::EventListener {
 public:
  struct Events {
    // RocksDB has stopped writing for this error.
    std::function<void(const rocksdb::Status& why)> stopped;
    // A compaction found no room. It is tried again each second.
    std::function<void()> compaction_lacks_room;
  };

  // Events are called on any thread and do not call RocksDB. All outlives the database.
  ErrorListener(const Logger* log, Events events) : log_(log), events_(std::move(events)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status error,
                            bool* auto_recovery) override;

 private:
  const Logger* const log_;
  const Events events_;
};

}  // namespace smile
