#include "bench/smilebench/workload.h"

#include <algorithm>

#include "base/coding.h"
#include "base/hash.h"

namespace smile::bench {
namespace {

constexpr size_t kHeadBytes = 16;  // number and generation

}  // namespace

Key KeyOf(WorkloadKind workload, uint64_t number) {
  if (workload == WorkloadKind::kScan) {
    return PostKey(number / kRecordsPerScan, number % kRecordsPerScan);
  }
  return UserKey(number, "bench");
}

uint64_t ScanPartitions(uint64_t keys) {
  return (keys + kRecordsPerScan - 1) / kRecordsPerScan;
}

uint32_t RecordsIn(uint64_t partition, uint64_t keys) {
  return static_cast<uint32_t>(
      std::min<uint64_t>(kRecordsPerScan, keys - partition * kRecordsPerScan));
}

void MakeValue(uint64_t number, uint64_t generation, size_t size, Bytes* value) {
  if (size < kHeadBytes) generation = 0;
  value->clear();
  value->reserve(size + sizeof(uint64_t));
  AppendLittle(value, number);
  AppendLittle(value, generation);
  Random random(Random(number).Next() ^ generation);
  while (value->size() < size) AppendLittle(value, random.Next());
  value->resize(size);
}

bool IsValueOf(uint64_t number, size_t size, const RecordView& record, Bytes* scratch) {
  if (record.value.size() != size || record.checksum != Hash64(record.value)) return false;
  const uint64_t generation =
      size < kHeadBytes ? 0 : LoadLittle<uint64_t>(record.value.data() + sizeof(uint64_t));
  MakeValue(number, generation, size, scratch);
  return record.value == *scratch;
}

}  // namespace smile::bench
