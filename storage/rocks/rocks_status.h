// What RocksDB's statuses mean to whoever asked for something. A status of RocksDB names files of
// the server: that is for the log, never for a client.
#pragma once

#include <cstdint>

#include <rocksdb/status.h>

#include "base/status.h"

namespace smile {

// RocksDB looks for room on a full disk about so often.
inline constexpr uint32_t kNoSpaceRetryMillis = 5'000;

// Of a read that found neither a record nor its absence.
Status StatusOfRead(const rocksdb::Status& status);

// Of a write that failed. kOutcomeUnknown unless it is certain that it never reached the log.
Status StatusOfWrite(const rocksdb::Status& status);

}  // namespace smile
