#include "storage/rocks/error_listener.h"

#include <fmt/format.h>

namespace smile {

void ErrorListener::OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/,
                                      rocksdb::Status* error) {
  if (error->ok()) return;  // another listener has dealt with it
  if (error->severity() == rocksdb::Status::kSoftError) {
    log_->Warning(fmt::format("a compaction failed and is tried again: {}", error->ToString()));
    if (!error->IsNoSpace()) return;
    events_.compaction_lacks_room();
    // Once RocksDB has noted it, it begins none for which there is not the room of all its inputs,
    // although it may be the one that makes room of what was deleted; and only a resume clears it.
    *error = rocksdb::Status::OK();
    return;
  }
  log_->Error(fmt::format("RocksDB met an error and stops writing: {}", error->ToString()));
  if (error->severity() >= rocksdb::Status::kHardError) events_.stopped(*error);
}

void ErrorListener::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/,
                                         rocksdb::Status /*error*/, bool* auto_recovery) {
  *auto_recovery = false;
}

}  // namespace smile
