// Reports errors of RocksDB's background work, and prevents RocksDB from resuming by itself.
//
// Resuming in process is not safe. The write that met the error may be in the log and in the
// memtable without having advanced the sequence number: a resume flushes that memtable and assigns
// the same sequence numbers again. With an empty memtable it continues with the log writer that
// failed. So RocksDB remains stopped until it is reopened from its log
// (storage/rocks/rocks_database.h).
#pragma once

#include <rocksdb/listener.h>

#include <functional>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/log_limit.h"

namespace smile {

class ErrorListener final : public rocksdb::EventListener {
 public:
  struct Events {
    // RocksDB has stopped writing because of this error.
    std::function<void(const rocksdb::Status& why)> stopped;
    // A compaction did not have enough disk space. It is retried every second.
    std::function<void()> compaction_lacks_room;
  };

  // The events are called on any thread and must not call RocksDB. The log and its limit outlive
  // the database.
  ErrorListener(const Logger* log, LogLimit* failed_compactions, Events events)
      : log_(log), failed_compactions_(failed_compactions), events_(std::move(events)) {
    CHECK(events_.stopped && events_.compaction_lacks_room);
  }

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status error,
                            bool* auto_recovery) override;

 private:
  const Logger* const log_;
  LogLimit* const failed_compactions_;
  const Events events_;
};

}  // namespace smile
