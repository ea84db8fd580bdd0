// Write pressure: how close RocksDB is to stalling writers, and how much Smile slows down because
// of it.
//
// RocksDB lets writers run at full speed until flushes or compactions lag far behind, and then
// stops them (or rejects their writes, as Smile configures it). A committer that slows down
// gradually ends up at the speed of the compactions instead, with pauses of milliseconds.
#pragma once

#include <rocksdb/db.h>

#include <chrono>
#include <cstddef>
#include <span>

namespace smile {

// From 0 (no lag) to 1 (RocksDB delays or rejects writes): the maximum over these families,
// relative to the limits in their options. Takes RocksDB's lock for a moment. `paused`, one per
// family (CHECK): compactions are paused; then RocksDB does not delay writers because of them.
double WritePressure(rocksdb::DB* db, std::span<rocksdb::ColumnFamilyHandle* const> families,
                     std::span<const bool> paused);

// How long to wait before this many bytes are written, at most kLongestHold. Up to a pressure of
// 0.5 there is no wait; above, every 0.05 halves the speed, from 1 GiB/s at 0.5 to 1 MiB/s at 1, so
// that there is a speed in between that any disk can sustain.
inline constexpr std::chrono::milliseconds kLongestHold{50};
std::chrono::nanoseconds HoldFor(double pressure, size_t bytes);

}  // namespace smile
