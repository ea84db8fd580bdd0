#include "storage/rocks/rocks_database.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/thread_name.h"
#include "storage/rocks/compaction_room.h"
#include "storage/rocks/error_listener.h"
#include "storage/rocks/log_files.h"
#include "storage/rocks/rocks_log.h"
#include "storage/rocks/rocks_options.h"
#include "storage/rocks/rocks_status.h"
#include "storage/rocks/write_pressure.h"

namespace smile {
namespace {

constexpr std::chrono::milliseconds kUpkeepPeriod{50};
constexpr int kPeriodsBetweenSlowUpkeep = 20;

}  // namespace

Result<std::unique_ptr<RocksDatabase>> RocksDatabase::Open(const RocksOptions& options,
                                                           const Clock* clock, const Logger* log,
                                                           rocksdb::Env* env) {
  std::unique_ptr<RocksDatabase> database(new RocksDatabase(options, clock, log, env));
  SMILE_TRY(database->OpenAll());
  database->directory_->KeepPrivate(*log);
  return database;
}

RocksDatabase::RocksDatabase(const RocksOptions& options, const Clock* clock, const Logger* log,
                             rocksdb::Env* env)
    : options_(options),
      clock_(clock),
      log_(log),
      env_(env),
      rebuilt_(std::make_shared<RebuiltTables>()),
      log_env_(rocksdb::NewCompositeEnv(
          MakeLogFileSystem(MakeCompactionRoomFileSystem(MakeRebuiltFileSystem(
                                env->GetFileSystem(), rebuilt_, LostRecords::kUnreadable)),
                            options.accept_wal_loss, options.progress))),
      info_log_(MakeRocksLog(clock, log)),
      space_(options.directory, options.write_buffer_bytes, env, log),
      cache_(MakeBlockCache(options)),
      damage_(std::make_unique<Damage>(clock, log)) {}

RocksDatabase::~RocksDatabase() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  closing_changed_.notify_one();
  if (upkeep_.joinable()) upkeep_.join();
  if (db_ == nullptr) return;
  RaiseWatermark();
  if (Writable().ok()) Flush();
  CloseDatabase();
}

// After an error the log holds what memory has, and more than it can be trusted for: nothing is
// written out then.
void RocksDatabase::CloseDatabase() {
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    (void)db_->DestroyColumnFamilyHandle(family);
  }
  if (const rocksdb::Status status = db_->Close(); !status.ok() && Writable().ok()) {
    log_->Warning(fmt::format("RocksDB did not close cleanly: {}", status.ToString()));
  }
  db_.reset();
}

Status RocksDatabase::OpenAll() {
  SMILE_ASSIGN(directory_, RocksDirectory::Open(options_.directory, env_));
  space_.Begin();
  const uint64_t needed = LogBytes() + limits::kStartFreeDiskBytes;
  (void)space_.MakeRoom(needed);  // if there is none, it is tried all the same
  Result<Watermark> read = directory_->ReadWatermark();
  const Watermark found = read.ok() ? *read : Watermark();
  if (options_.accept_wal_loss) {
    log_->Warning("the write-ahead log is taken as far as it is readable (--accept-wal-loss)");
    SMILE_TRY(directory_->EndEpoch());
  } else {
    SMILE_TRY(read.status());
    SMILE_TRY(CheckRecovery(found.sequence));
  }

  (void)env_->CreateDirIfMissing(directory_->database_path());  // else RocksDB logs an error
  rocksdb::DBOptions database_options = Options();
  rocksdb::Status status = OpenDatabase(database_options);
  if (!status.ok() && RebuildTables()) {
    database_options = Options();
    status = OpenDatabase(database_options);
  }
  if (options_.accept_wal_loss && status.IsCorruption()) {
    // Tables that were written out behind the damage are ahead of the others then, whatever is
    // done; the records behind the damage that can be read are worth more than none.
    log_->Warning(fmt::format("the log is read on behind its damage ({})", status.ToString()));
    database_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
    status = OpenDatabase(database_options);
  }
  if (status.IsNoSpace()) {
    return {Code::kNoSpace,
            fmt::format("the disk of {} is full: to start, about {} bytes have to be free (its log "
                        "is written out into tables), and {} are",
                        directory_->path(), needed, space_.free_bytes())};
  }
  if (!status.ok()) {
    return {
        Code::kStorageFailed,
        fmt::format("the database in {0} does not open: {1}; lines before this may say why, and "
                    "`smiled check {0}` what is damaged",
                    directory_->path(), status.ToString())};
  }
  // What clients wait for goes before compactions; write pressure sees to it that they come about
  // (docs/decisions/0018-compactions-come-last.md). Flushes are not to wait: memtables are few.
  status = log_env_->LowerThreadPoolCPUPriority(rocksdb::Env::LOW, rocksdb::CpuPriority::kLow);
  if (!status.ok()) {
    log_->Warning(fmt::format("compactions take as much of the processor as requests: {}",
                              status.ToString()));
  }
  // The entry of rocksdb/ in it, before anything is acknowledged.
  SMILE_TRY(directory_->Sync());

  SMILE_TRY(SettleEpoch(found));
  empty_memtable_bytes_ = MemtableBytes();  // what was replayed is written out
  LookAtSpace();
  space_.KeepReserve();
  upkeep_ = std::thread([this] { RunUpkeep(); });
  return {};
}

// Goes on with the epoch that was found, or begins a new one, durably. Then the watermark is that
// of what is there: what was accepted as lost is not missed again at the next start.
Status RocksDatabase::SettleEpoch(const Watermark& found) {
  const uint64_t latest = db_->GetLatestSequenceNumber();
  const bool is_new = latest == 0 && found.epoch.began_ms == 0;
  const char* why = nullptr;
  if (!directory_->OwnsWatermark(found)) why = "the directory is a copy";
  if (options_.new_epoch) why = "--new-epoch";
  if (options_.accept_wal_loss) why = "--accept-wal-loss";
  if (is_new) why = "the directory is new";
  epoch_ = found.epoch;
  watermark_ = found.sequence;
  if (why == nullptr) return {};

  const int64_t now = clock_->WallMillis();
  SMILE_ASSIGN(epoch_, NextEpoch(found.epoch, std::max(latest, found.sequence), latest, now));
  SMILE_TRY(directory_->WriteWatermark(latest, epoch_));
  watermark_ = latest;
  log_->Info(fmt::format("a new epoch of versions begins, {} ({})", epoch_.began_ms, why));
  if (static_cast<int64_t>(epoch_.began_ms) > now) {
    log_->Warning(
        fmt::format("the machine's clock is {} ms behind the epoch before: set it right, "
                    "versions are made from it",
                    static_cast<int64_t>(epoch_.began_ms) - now));
  }
  return {};
}

rocksdb::DBOptions RocksDatabase::Options() {
  rocksdb::DBOptions options = DatabaseOptions(options_, log_env_.get());
  options.info_log = info_log_;
  options.verify_sst_unique_id_in_manifest = rebuilt_->empty();
  options.listeners.push_back(damage_->MakeListener());  // before that which it spares
  options.listeners.push_back(std::make_shared<ErrorListener>(
      log_,
      ErrorListener::Events{.stopped = [this](const rocksdb::Status& why) { Break(why); },
                            .compaction_lacks_room = [this] { compaction_lacks_room_ = true; }}));
  return options;
}

rocksdb::Status RocksDatabase::OpenDatabase(const rocksdb::DBOptions& options) {
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::Status status =
      rocksdb::DB::Open(options, directory_->database_path(), Families(), &handles, &db);
  if (!status.ok()) return status;
  db_.reset(db);
  CHECK(handles.size() == kFamilies);
  std::copy(handles.begin(), handles.end(), families_.begin());
  for (const TableInfo& info : kTables) {
    memtables_[static_cast<size_t>(info.table)] =
        std::static_pointer_cast<const PartitionMemtableFactory>(
            db_->GetOptions(family(info.table)).memtable_factory);
  }
  expiring_blobs_.Load(db_.get());
  return status;
}

FamilyDescriptors RocksDatabase::Families() const {
  FamilyDescriptors families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions());
  for (const TableInfo& info : kTables) {
    families.emplace_back(std::string(info.name),
                          FamilyOptions(info.table, options_, cache_, clock_, &expiring_blobs_));
  }
  return families;
}

// So that the next start has no log to replay.
void RocksDatabase::Flush() {
  const rocksdb::Status status =
      db_->Flush(rocksdb::FlushOptions(), {families_.begin(), families_.end()});
  if (!status.ok()) {
    log_->Warning(
        fmt::format("the next start replays the log, because not all could be written "
                    "out: {}",
                    status.ToString()));
  }
}

Status RocksDatabase::Writable() const {
  switch (health_.load(std::memory_order_acquire)) {
    case Health::kGood:
      return {};
    case Health::kNoSpace:
      return {Code::kNoSpace, "the server's disk is full", kNoSpaceRetryMillis};
    case Health::kFailed:
      break;
  }
  return {Code::kStorageFailed, "writing stopped after an error of the disk"};
}

void RocksDatabase::Break(const rocksdb::Status& why) {
  if (why.IsNoSpace()) {
    Health good = Health::kGood;
    if (!health_.compare_exchange_strong(good, Health::kNoSpace, std::memory_order_acq_rel)) return;
    log_->Error(fmt::format("the disk of {} is full; no writes until there is room: {}",
                            options_.directory, why.ToString()));
    return;
  }
  if (health_.exchange(Health::kFailed, std::memory_order_acq_rel) == Health::kFailed) return;
  log_->Error(fmt::format("no more writes until the next start: {}", why.ToString()));
}

void RocksDatabase::RunUpkeep() {
  NameThisThread("smile-upkeep");
  std::unique_lock lock(mutex_);
  int periods = 0;
  while (!closing_changed_.wait_for(lock, kUpkeepPeriod, [this] { return closing_; })) {
    lock.unlock();
    MaybeReopen();
    if (db_ != nullptr) {
      LookAtPressure();
      LookAtSpace();
      damage_->PauseCompactions(db_.get(), families_);
    }
    if (++periods % kPeriodsBetweenSlowUpkeep == 0) {
      if (db_ != nullptr) RaiseWatermark();
      space_.KeepReserve();
    }
    lock.lock();
  }
}

void RocksDatabase::LookAtPressure() {
  std::array<bool, kFamilies> paused{};
  for (const TableInfo& info : kTables) {
    paused[static_cast<size_t>(info.table)] = damage_->paused(info.table);
  }
  write_pressure_.store(WritePressure(db_.get(), families_, paused), std::memory_order_relaxed);
}

// Every write is in the log and fsynced before RocksDB counts it in the latest sequence number.
void RocksDatabase::RaiseWatermark() {
  const uint64_t latest = db_->GetLatestSequenceNumber();
  if (latest <= watermark_ || !Writable().ok()) return;
  const Status status = directory_->WriteWatermark(latest, epoch_);
  if (status.ok()) watermark_ = latest;
  if (!status.ok() && !watermark_warned_) log_->Warning(status.words());
  watermark_warned_ = !status.ok();
}

}  // namespace smile
