// Which records a run uses, and what has to be in them.
//
// A value is made from its record's number and a generation, so that a reader can tell a right
// value from a wrong one without knowing who wrote it last.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "bench/smilebench/options.h"
#include "model/key.h"
#include "model/record.h"

namespace smile::bench {

inline constexpr uint32_t kRecordsPerScan = 20;
inline constexpr uint64_t kMixedReadPercent = 90;

// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  // Less than `bound`, which is not 0.
  uint64_t Below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * bound) >> 64);
  }

 private:
  uint64_t state_;
};

// The record with this number. All of a scan's records are posts of few authors, all others are in
// partitions of their own.
Key KeyOf(WorkloadKind workload, uint64_t number);

// How many partitions `keys` records of a scan workload are in: at least one.
uint64_t ScanPartitions(uint64_t keys);

// How many of `keys` records the partition of a scan workload has.
uint32_t RecordsIn(uint64_t partition, uint64_t keys);

// Replaces *value by the value of `size` bytes of this record and generation. Values of less than
// 16 bytes are the same in all generations.
void MakeValue(uint64_t number, uint64_t generation, size_t size, Bytes* value);

// Whether this is a value that MakeValue makes for this record, with its right checksum. *scratch
// is for use inside.
bool IsValueOf(uint64_t number, size_t size, const RecordView& record, Bytes* scratch);

}  // namespace smile::bench
