// What RocksDB's statuses mean to whoever asked for something. A status of RocksDB names files of
// the server: that is for the log, never for a client.
#pragma once

#include <cstdint>

#include <rocksdb/status.h>

#include "base/status.h"

namespace smile {

// Room on a full disk is looked for about so often.
inline constexpr uint32_t kNoSpaceRetryMillis = 1'000;

// Whether a read ended because stored bytes are wrong or gone, so that it would end so again. A
// disk that refuses to read is something else: there may be nothing wrong with the data.
bool IsDamage(const rocksdb::Status& status);

// Of a read that found neither a record nor its absence.
Status StatusOfRead(const rocksdb::Status& status);

// Of a write that failed: kOverloaded if RocksDB refused it because it is behind; else
// kOutcomeUnknown. (RocksDB refuses writes after an error with the same words as the one that met
// it, and writes the batches of two committers in one go.)
Status StatusOfWrite(const rocksdb::Status& status);

}  // namespace smile
