// Writes RocksDB's own log to the server log. RocksDB's default is a file in the data directory,
// and a second failed write of it violates an assertion: on a full disk that would abort the
// process.
#pragma once

#include <rocksdb/env.h>

#include <memory>

#include "base/clock.h"
#include "base/log.h"

namespace smile {

// Warnings and errors only, and none that only say that something is not in memory. Lines over
// limits::kMaxRocksLogLinesPerSecond are counted instead of written. The clock and the log outlive
// it.
std::shared_ptr<rocksdb::Logger> MakeRocksLog(const Clock* clock, const Logger* log);

}  // namespace smile
