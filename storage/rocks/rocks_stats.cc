#include "storage/rocks/rocks_stats.h"

#include <fmt/format.h>

#include <map>
#include <string>

#include "storage/rocks/rocks_properties.h"

namespace smile {
namespace {

using Properties = rocksdb::DB::Properties;

// Summed over all tables.
struct Sum {
  const std::string& property;
  const char* name;
};

uint64_t Property(const RocksDatabase& database, Table table, const std::string& property) {
  return IntProperty(database.db(), database.family(table), property);
}

uint64_t MapEntry(const std::map<std::string, std::string>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? 0 : NumberIn(found->second);
}

}  // namespace

void AppendRocksStats(const RocksDatabase& database, EngineStats* stats) {
  for (const TableInfo& info : kTables) {
    stats->emplace_back(fmt::format("storage.{}.records_estimate", info.name),
                        Property(database, info.table, Properties::kEstimateNumKeys));
    stats->emplace_back(fmt::format("storage.{}.disk_bytes", info.name),
                        Property(database, info.table, Properties::kTotalSstFilesSize) +
                            Property(database, info.table, Properties::kTotalBlobFileSize));
  }
  const Sum sums[] = {
      {Properties::kTotalSstFilesSize, "storage.sst_bytes"},
      {Properties::kTotalBlobFileSize, "storage.blob_file_bytes"},
      {Properties::kLiveBlobFileGarbageSize, "storage.blob_garbage_bytes"},
      {Properties::kCurSizeAllMemTables, "storage.memtable_bytes"},
      {Properties::kEstimatePendingCompactionBytes, "storage.compaction.pending_bytes"},
  };
  for (const Sum& sum : sums) {
    uint64_t total = 0;
    for (const TableInfo& info : kTables) total += Property(database, info.table, sum.property);
    stats->emplace_back(sum.name, total);
  }
  stats->emplace_back("storage.block_cache_bytes", database.block_cache()->GetUsage());
  stats->emplace_back("storage.blob_moved_bytes", database.collector().moved_bytes());
  stats->emplace_back("storage.epoch_start_millis", database.epoch().began_ms);
  stats->emplace_back("storage.free_disk_bytes", database.space().free_bytes());
  stats->emplace_back("storage.disk_reserve_bytes", database.space().reserve_bytes_kept());
  stats->emplace_back("storage.write_pressure_percent",
                      static_cast<uint64_t>(100 * database.write_pressure()));
  stats->emplace_back("storage.commit.delayed_micros", database.held_nanos() / 1000);

  const Damage::Counts damage = database.damage().counts();
  stats->emplace_back("storage.damage.corrupt_reads_count", damage.corrupt_reads);
  stats->emplace_back("storage.damage.failed_compactions_count", damage.failed_compactions);
  stats->emplace_back("storage.damage.paused_tables_count", damage.paused_tables);
  stats->emplace_back("storage.damage.rebuilt_files_count", damage.rebuilt_files);

  std::map<std::string, std::string> all;
  if (!database.db()->GetMapProperty(Properties::kDBStats, &all)) return;
  stats->emplace_back("storage.wal.syncs_count", MapEntry(all, "db.wal_syncs"));
  stats->emplace_back("storage.wal.written_bytes", MapEntry(all, "db.wal_bytes_written"));
}

}  // namespace smile
