// RocksDB's statistics under Smile's names.
#pragma once

#include "storage/engine.h"
#include "storage/rocks/rocks_database.h"

namespace smile {

// Appends them, unsorted. May take RocksDB's locks. The caller holds a Use.
void AppendRocksStats(const RocksDatabase& database, EngineStats* stats);

}  // namespace smile
