// Limits of watches, as those in base/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace smile::limits {

inline constexpr size_t kMaxWatchTargets = 1'000;  // of one request: `too_large`
// Of one connection, over all its watches: `too_large`.
inline constexpr size_t kMaxWatchTargetsPerConnection = 10'000;
inline constexpr size_t kMaxWatchBytes = size_t{256} << 20;  // of all watches: `overloaded`
inline constexpr uint32_t kWatchRetryMillis = 1'000;         // of that, and of slow watches
// Changes that are kept for watches; the oldest are dropped. Who needs those is told of a gap.
inline constexpr size_t kMaxWatchHistoryBytes = size_t{64} << 20;
inline constexpr size_t kMaxWatchValueBytes = size_t{64} << 10;  // larger ones have to be read
// Past changes that a new watch is told of; partitions with more than what is left have a gap.
inline constexpr size_t kMaxPastChanges = 1'000;
inline constexpr size_t kMaxPastValueBytes = size_t{512} << 10;
// Calls of sinks and changes, before others run. Each call may cost a system call.
inline constexpr size_t kWatchSliceWork = 64;
// A watch ends as too slow when more than this waits for its client, or when that holds more than
// its share of the memory of all connections. More than replies to requests alone may be.
inline constexpr size_t kMaxWatchOutputBytes = size_t{8} << 20;
inline constexpr int64_t kWatchProgressMillis = 10'000;  // without a message, until one says so
// Of the history, that a worker takes at once; one batch, of a group of writes, always fits.
inline constexpr size_t kWatchBytesTaken = size_t{1} << 20;
inline constexpr size_t kWatchBatchesTaken = 256;

}  // namespace smile::limits
