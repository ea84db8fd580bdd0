// How near RocksDB is to stalling its writers, and how much slower Smile writes therefore.
//
// RocksDB lets writers run at full speed until flushes or compactions are far behind, and then
// stops them (or refuses, as Smile asks it to). A committer that gets slower the more there is to
// be caught up on ends up at the speed of the compactions instead, with pauses of milliseconds.
#pragma once

#include <rocksdb/db.h>

#include <chrono>
#include <cstddef>
#include <span>

namespace smile {

// From 0 (nothing to catch up on) to 1 (RocksDB delays or refuses writes): the worst of these
// tables, by what their options name as limits. Takes RocksDB's lock for a moment. Where
// compactions are paused, for each family, RocksDB delays no writer for what they leave undone.
double WritePressure(rocksdb::DB* db, std::span<rocksdb::ColumnFamilyHandle* const> families,
                     std::span<const bool> paused);

// How long to wait before so many bytes are written. Below half the pressure there is no wait;
// above, each twentieth halves the speed, from 1 GiB/s at a half to 1 MiB/s at 1, so that between
// them there is a speed that any disk can keep up with. At most kLongestHold.
inline constexpr std::chrono::milliseconds kLongestHold{50};
std::chrono::nanoseconds HoldFor(double pressure, size_t bytes);

}  // namespace smile
