#include "storage/rocks/write_pressure.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "storage/rocks/rocks_options.h"
#include "storage/rocks/rocks_properties.h"

namespace smile {
namespace {

using Properties = rocksdb::DB::Properties;

constexpr double kFreePressure = 0.5;
constexpr double kFreeBytesPerSecond = 1 << 30;
constexpr double kPressureToHalve = 0.05;

double Share(uint64_t value, uint64_t limit) {
  return static_cast<double>(value) / static_cast<double>(limit);
}

uint64_t FilesAtLevel0(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family) {
  return TextProperty(db, family, Properties::kNumFilesAtLevelPrefix + "0");
}

}  // namespace

double WritePressure(rocksdb::DB* db, std::span<rocksdb::ColumnFamilyHandle* const> families,
                     std::span<const bool> paused) {
  CHECK(families.size() == paused.size());
  double worst = 0;
  for (size_t i = 0; i < families.size(); ++i) {
    rocksdb::ColumnFamilyHandle* const family = families[i];
    // RocksDB delays writers when one memtable less than the maximum waits to be flushed.
    worst = std::max(worst, Share(IntProperty(db, family, Properties::kNumImmutableMemTable),
                                  kMaxMemtables - 1));
    if (paused[i]) continue;
    worst = std::max({worst, Share(FilesAtLevel0(db, family), kLevel0SlowdownFiles),
                      Share(IntProperty(db, family, Properties::kEstimatePendingCompactionBytes),
                            kSoftPendingCompactionBytes)});
  }
  return std::min(worst, 1.0);
}

std::chrono::nanoseconds HoldFor(double pressure, size_t bytes) {
  CHECK(pressure >= 0 && pressure <= 1);
  if (pressure <= kFreePressure) return {};
  const double halvings = (pressure - kFreePressure) / kPressureToHalve;
  const double bytes_per_second = kFreeBytesPerSecond * std::exp2(-halvings);
  const std::chrono::duration<double> hold(static_cast<double>(bytes) / bytes_per_second);
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::min<std::chrono::duration<double>>(hold, kLongestHold));
}

}  // namespace smile
