// RocksDB's own log, as lines of the process log. RocksDB's default is a file in the data
// directory, which meets an assertion when it cannot be written twice: on a full disk it would end
// the process.
#pragma once

#include <rocksdb/env.h>

#include <memory>

#include "base/clock.h"
#include "base/log.h"

namespace smile {

// Warnings and errors only. Over limits::kMaxRocksLogLinesPerSecond lines are counted and not
// written. The clock and the log outlive it.
std::shared_ptr<rocksdb::Logger> MakeRocksLog(const Clock* clock, const Logger* log);

}  // namespace smile
