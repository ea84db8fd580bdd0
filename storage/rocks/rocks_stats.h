// What RocksDB knows of itself, under Smile's names.
#pragma once

#include "storage/engine.h"
#include "storage/rocks/rocks_database.h"

namespace smile {

// Adds them in no order. May take RocksDB's locks.
void AppendRocksStats(const RocksDatabase& database, EngineStats* stats);

}  // namespace smile
