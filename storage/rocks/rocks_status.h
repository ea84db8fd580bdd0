// What RocksDB's statuses mean to a caller. A status of RocksDB names files of the server: it goes
// to the log, never to a client.
#pragma once

#include <cstdint>

#include <rocksdb/status.h>

#include "base/status.h"

namespace smile {

// Whether a read failed because stored bytes are damaged or missing, so that it would fail again. A
// read error of the disk is something else: the data may be intact.
bool IsDamage(const rocksdb::Status& status);

// The answer to a read that failed (CHECK).
Status StatusOfRead(const rocksdb::Status& status);

// The answer to a write that failed (CHECK): kOverloaded if RocksDB rejected it because flushes or
// compactions lag; else kOutcomeUnknown. (After an error RocksDB rejects further writes with the
// same status as the write that met it.)
Status StatusOfWrite(const rocksdb::Status& status);

}  // namespace smile
