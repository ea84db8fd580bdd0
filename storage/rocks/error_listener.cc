#include "storage/rocks/error_listener.h"

#include <fmt/format.h>

namespace smile {

void ErrorListener::OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/,
                                      rocksdb::Status* error) {
  if (error->ok()) return;  // another listener has handled it
  if (error->severity() == rocksdb::Status::kSoftError) {
    failed_compactions_->Write([&] {
      return fmt::format("a compaction failed and will be retried: {}", error->ToString());
    });
    if (!error->IsNoSpace()) return;
    events_.compaction_lacks_room();
    // If RocksDB recorded the error, it would start no compaction without enough space for all its
    // inputs, although a compaction may be what frees the space of deleted records; and only a
    // resume would clear the error.
    *error = rocksdb::Status::OK();
    return;
  }
  log_->Error(fmt::format("RocksDB stops writing after an error: {}", error->ToString()));
  if (error->severity() >= rocksdb::Status::kHardError) events_.stopped(*error);
}

void ErrorListener::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/,
                                         rocksdb::Status /*error*/, bool* auto_recovery) {
  *auto_recovery = false;
}

}  // namespace smile
