#include "storage/rocks/blob_collector.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/thread_name.h"
#include "storage/rocks/rocks_database.h"
#include "storage/rocks/rocks_properties.h"

namespace smile {
namespace {

constexpr std::chrono::seconds kPeriod{5};
constexpr int kMaxRounds = 64;

// Fractions of the bytes of all blob files: garbage at which collecting begins, at which it ends,
// and of deletes that are worth a compaction to find the files.
constexpr uint64_t kBeginShare = 5;
constexpr uint64_t kEndShare = 8;
constexpr uint64_t kSuspectedShare = 16;
static_assert(kBeginShare < kEndShare && kEndShare < kSuspectedShare);
// Less garbage than this is left alone.
constexpr uint64_t kLeastGarbageBytes = uint64_t{8} << 20;
// Moved at a time, if there is so much.
constexpr uint64_t kLeastMovedBytes = uint64_t{256} << 20;

}  // namespace

BlobCollector::BlobCollector(const RocksDatabase* database, const Logger* log)
    : database_(database), log_(log) {}

BlobCollector::~BlobCollector() {
  Stop();
}

void BlobCollector::Stop() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  Interrupt();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void BlobCollector::Start() {
  CHECK(!thread_.joinable());
  thread_ = std::thread([this] { Run(); });
}

void BlobCollector::Run() {
  NameThisThread("smile-collector");
  while (Pause(kPeriod)) {
    if (Resume()) Look();
  }
}

bool BlobCollector::Resume() {
  const std::lock_guard lock(mutex_);
  if (!closing_) canceled_.store(false, std::memory_order_relaxed);
  return !closing_;
}

// False: the thread ends.
bool BlobCollector::Pause(std::chrono::nanoseconds pause) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, pause, [this] { return closing_; });
}

void BlobCollector::Look() {
  const std::lock_guard lock(looking_);
  const UseGate::Use use = database_->Enter();
  if (!use || !database_->Writable().ok() || database_->damage().paused(Table::kBlobs)) return;
  FlushDeletes();
  Garbage garbage = Measure();
  const uint64_t all = garbage.known + garbage.suspected;
  if (all < kLeastGarbageBytes || all < garbage.bytes / kBeginShare) return;
  if (garbage.suspected > garbage.bytes / kSuspectedShare) {
    if (!Compact(0)) return;
    garbage = Measure();
  }
  const uint64_t before = garbage.bytes;
  for (int round = 0; round < kMaxRounds && garbage.known > garbage.bytes / kEndShare &&
                      garbage.known > kLeastGarbageBytes / 2;
       ++round) {
    const auto begin = std::chrono::steady_clock::now();
    if (!Compact(garbage.prefix)) return;
    moved_bytes_.fetch_add(garbage.prefix_live, std::memory_order_relaxed);
    garbage = Measure();
    // Others have the disk half of the time.
    if (!Pause(std::chrono::steady_clock::now() - begin)) return;
  }
  log_->Info("collected the garbage of deleted content: " + std::to_string(before >> 20) +
             " MiB of blob files before, " + std::to_string(garbage.bytes >> 20) + " MiB after");
}

void BlobCollector::FlushDeletes() {
  const bool has_deletes = IntProperty(database_->db(), database_->family(Table::kBlobs),
                                       rocksdb::DB::Properties::kNumDeletesActiveMemTable) > 0;
  const bool flush = has_deletes && had_deletes_;
  had_deletes_ = has_deletes && !flush;
  if (!flush) return;
  rocksdb::FlushOptions options;
  options.allow_write_stall = true;  // or it would wait for compactions, which may fail each time
  // If it fails, so will the next write, which reports it.
  (void)database_->db()->Flush(options, database_->family(Table::kBlobs));
}

BlobCollector::Garbage BlobCollector::Measure() const {
  rocksdb::DB* const db = database_->db();
  rocksdb::ColumnFamilyHandle* const family = database_->family(Table::kBlobs);
  rocksdb::ColumnFamilyMetaData meta;
  db->GetColumnFamilyMetaData(family, &meta);
  std::sort(meta.blob_files.begin(), meta.blob_files.end(),
            [](const auto& a, const auto& b) { return a.blob_file_number < b.blob_file_number; });
  Garbage garbage;
  uint64_t count = 0;
  for (const rocksdb::BlobMetaData& file : meta.blob_files) {
    garbage.bytes += file.total_blob_bytes;
    garbage.known += file.garbage_blob_bytes;
    count += file.total_blob_count;
  }
  rocksdb::TablePropertiesCollection tables;
  if (count > 0 && db->GetPropertiesOfAllTables(family, &tables).ok()) {
    uint64_t deletes = 0;
    for (const auto& [name, properties] : tables) deletes += properties->num_deletions;
    garbage.suspected = std::min(deletes, count) * (garbage.bytes / count);
  }
  // The prefix with the most garbage for each byte that has to be moved.
  const uint64_t least = std::min(kLeastMovedBytes, garbage.bytes / 4);
  uint64_t prefix_bytes = 0;
  uint64_t prefix_garbage = 0;
  double best = -1;
  for (size_t i = 0; i < meta.blob_files.size(); ++i) {
    prefix_bytes += meta.blob_files[i].total_blob_bytes;
    prefix_garbage += meta.blob_files[i].garbage_blob_bytes;
    const double part = static_cast<double>(prefix_garbage) / static_cast<double>(prefix_bytes + 1);
    if (prefix_bytes < least || part <= best) continue;
    best = part;
    // RocksDB rounds down.
    garbage.prefix =
        std::min(1.0, (static_cast<double>(i) + 1.5) / static_cast<double>(meta.blob_files.size()));
    garbage.prefix_live = prefix_bytes - prefix_garbage;
  }
  return garbage;
}

// Without exclusion, so that compactions of other tables continue.
bool BlobCollector::Compact(double prefix) {
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  options.canceled = &canceled_;
  options.blob_garbage_collection_policy = prefix > 0
                                               ? rocksdb::BlobGarbageCollectionPolicy::kForce
                                               : rocksdb::BlobGarbageCollectionPolicy::kDisable;
  options.blob_garbage_collection_age_cutoff = prefix;
  const rocksdb::Status status =
      database_->db()->CompactRange(options, database_->family(Table::kBlobs), nullptr, nullptr);
  if (!status.ok() && !stopping()) {
    log_->Warning("the garbage of deleted content could not be collected, trying again: " +
                  status.ToString());
  }
  return status.ok();
}

}  // namespace smile
