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

constexpr int kPeriodsBetweenSlowUpkeep = 20;  // about a second

}  // namespace

Result<std::unique_ptr<RocksDatabase>> RocksDatabase::Open(const RocksOptions& options,
                                                           const Clock* clock, const Logger* log,
                                                           rocksdb::Env* env) {
  std::unique_ptr<RocksDatabase> database(new RocksDatabase(options, clock, log, env));
  SMILE_TRY(database->OpenAll());
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
      index_format_(options.block_cache_bytes),
      damage_(std::make_unique<Damage>(options.directory, clock, log)),
      failed_compactions_(*log, *clock, LogLevel::kWarning, "compactions that failed"),
      unopenable_files_(this, rebuilt_, clock, env),
      collector_(this, log) {}

RocksDatabase::~RocksDatabase() {
  collector_.Stop();
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  closing_changed_.notify_one();
  if (upkeep_.joinable()) upkeep_.join();
  unopenable_files_.Stop();
  CHECK(gate_.unused(), "nothing uses RocksDB when it is closed");
  if (db_ == nullptr) return;
  RaiseWatermark();
  if (Writable().ok()) Flush();
  CloseDatabase();
}

// Does not flush: after an error the log has everything that is in memory, and memory cannot be
// trusted to match it.
void RocksDatabase::CloseDatabase() {
  CHECK(db_ != nullptr);
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    (void)db_->DestroyColumnFamilyHandle(family);
  }
  if (const rocksdb::Status status = db_->Close(); !status.ok() && Writable().ok()) {
    log_->Warning(fmt::format("RocksDB in {} did not close cleanly: {}", options_.directory,
                              status.ToString()));
  }
  families_.fill(nullptr);
  db_.reset();
}

Status RocksDatabase::OpenAll() {
  SMILE_ASSIGN(directory_, RocksDirectory::Open(options_.directory, env_));
  directory_->KeepPrivate(*log_);
  directory_->TellOfUnfinishedRepair(*log_);
  space_.Begin();
  const uint64_t needed = LogBytes() + limits::kStartFreeDiskBytes;
  (void)space_.MakeRoom(needed);  // without enough space, opening is tried all the same
  Result<Watermark> read = directory_->ReadWatermark();
  const Watermark found = read.ok() ? *read : Watermark();
  if (options_.accept_wal_loss) {
    log_->Warning(
        fmt::format("--accept-wal-loss: the write-ahead log in {} is read as far as "
                    "possible; writes after damage are lost",
                    directory_->path()));
    SMILE_TRY(directory_->EndEpoch());
  } else {
    SMILE_TRY(read.status());
    SMILE_TRY(CheckRecovery(found.sequence));
  }

  SMILE_TRY(OpenDatabaseWithDamage(needed));
  // So that the entry of rocksdb/ is durable before anything is acknowledged.
  SMILE_TRY(directory_->Sync());

  SMILE_TRY(SettleEpoch(found));
  empty_memtable_bytes_ = MemtableBytes();  // what was replayed has been flushed
  LookAtSpace();
  space_.KeepReserve();
  upkeep_ = std::thread([this] { RunUpkeep(); });
  collector_.Start();
  return {};
}

// Opens the database, with rebuilt tables and past damage of the log where that is necessary and
// accepted. `needed`: the disk space to start, for the message.
Status RocksDatabase::OpenDatabaseWithDamage(uint64_t needed) {
  (void)env_->CreateDirIfMissing(directory_->database_path());  // or RocksDB would log an error
  rocksdb::DBOptions database_options = Options();
  rocksdb::Status status = OpenDatabase(database_options);
  if (!status.ok() && RebuildTables()) {
    database_options = Options();
    status = OpenDatabase(database_options);
  }
  if (options_.accept_wal_loss && status.IsCorruption()) {
    // Tables that were flushed after the damage are ahead of the others then, whatever is done; the
    // readable records after the damage are worth more than none.
    log_->Warning(fmt::format("the write-ahead log in {} is read past its damage ({})",
                              directory_->path(), status.ToString()));
    database_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
    status = OpenDatabase(database_options);
  }
  if (status.IsNoSpace()) {
    return {Code::kNoSpace,
            fmt::format("the disk of {} is too full to start: {} bytes are free, about {} are "
                        "needed (the log is flushed into tables); free some space",
                        directory_->path(), space_.free_bytes(), needed)};
  }
  if (!status.ok()) {
    return {
        Code::kStorageFailed,
        fmt::format("the database in {0} cannot be opened: {1}; see the log lines before this one, "
                    "and run `smiled check {0}` to find damage",
                    directory_->path(), status.ToString())};
  }
  // Requests have priority over compactions; write pressure ensures that compactions still make
  // progress (docs/decisions/0018-compactions-come-last.md). Flushes must not wait: there are few
  // memtables.
  status = log_env_->LowerThreadPoolCPUPriority(rocksdb::Env::LOW, rocksdb::CpuPriority::kLow);
  if (!status.ok()) {
    log_->Warning(
        fmt::format("the CPU priority of compactions cannot be lowered ({}): they compete with "
                    "requests",
                    status.ToString()));
  }
  return {};
}

// Continues the epoch that was found, or durably begins a new one. In a new one the watermark is
// reset to what is there, so that accepted losses are not reported again at the next start.
Status RocksDatabase::SettleEpoch(const Watermark& found) {
  const uint64_t latest = db_->GetLatestSequenceNumber();
  const bool is_new = latest == 0 && !found.epoch.begun();
  const char* why = nullptr;
  if (!found.epoch.begun() || !directory_->OwnsWatermark(found)) why = "the directory is a copy";
  if (options_.new_epoch) why = "--new-epoch";
  if (options_.accept_wal_loss) why = "--accept-wal-loss";
  if (is_new) why = "the directory is new";
  if (why == nullptr) {
    if (latest < found.sequence) return RefuseLoss(latest, found.sequence);
    epoch_ = found.epoch;
    watermark_ = found.sequence;
    return {};
  }

  const int64_t now = clock_->WallMillis();
  SMILE_ASSIGN(const Epoch next,
               NextEpoch(found.epoch, std::max(latest, found.sequence), latest, now));
  SMILE_TRY(directory_->WriteWatermark(latest, next));
  epoch_ = next;
  watermark_ = latest;
  log_->Info(fmt::format("new epoch of versions: {} ({})", epoch_.began_ms, why));
  if (static_cast<int64_t>(epoch_.began_ms) > now) {
    log_->Warning(
        fmt::format("the system clock is {} ms behind the previous epoch of versions: correct it",
                    static_cast<int64_t>(epoch_.began_ms) - now));
  }
  return {};
}

rocksdb::DBOptions RocksDatabase::Options() {
  rocksdb::DBOptions options = DatabaseOptions(options_, log_env_.get());
  options.info_log = info_log_;
  options.verify_sst_unique_id_in_manifest = rebuilt_->size() == 0;
  options.listeners.push_back(damage_->MakeListener());  // first: it clears errors for the next
  options.listeners.push_back(std::make_shared<ErrorListener>(
      log_, &failed_compactions_,
      ErrorListener::Events{.stopped = [this](const rocksdb::Status& why) { Break(why); },
                            .compaction_lacks_room = [this] { compaction_lacks_room_ = true; }}));
  options.listeners.push_back(compression_choice_.MakeListener());
  return options;
}

rocksdb::Status RocksDatabase::OpenDatabase(const rocksdb::DBOptions& options) {
  CHECK(db_ == nullptr, "the database is open once");
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const size_t rebuilt = rebuilt_->size();
  rocksdb::Status status =
      rocksdb::DB::Open(options, directory_->database_path(), Families(), &handles, &db);
  if (!status.ok()) return status;
  db_.reset(db);
  rebuilt_in_use_ = rebuilt;
  CHECK(handles.size() == kFamilies);
  std::copy(handles.begin(), handles.end(), families_.begin());
  for (const TableInfo& info : kTables) {
    CHECK(family(info.table)->GetName() == info.name, "families are in the order of the tables");
    memtables_[static_cast<size_t>(info.table)] =
        std::static_pointer_cast<const PartitionMemtableFactory>(
            db_->GetOptions(family(info.table)).memtable_factory);
  }
  expiring_blobs_.Load(db_.get());
  index_format_.Update(db_.get());
  return status;
}

FamilyDescriptors RocksDatabase::Families() const {
  FamilyDescriptors families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions());
  for (const TableInfo& info : kTables) {
    families.emplace_back(
        std::string(info.name),
        FamilyOptions(info.table, options_, cache_, &index_format_, clock_, &expiring_blobs_));
  }
  return families;
}

// So that the next start need not replay a log. Without waiting for compactions, which may fail
// each time: nothing is written after it.
void RocksDatabase::Flush() {
  rocksdb::FlushOptions options;
  options.allow_write_stall = true;
  const rocksdb::Status status = db_->Flush(options, {families_.begin(), families_.end()});
  if (!status.ok()) {
    log_->Warning(
        fmt::format("the memtables of {} could not be flushed ({}): the next start replays the log",
                    options_.directory, status.ToString()));
  }
}

Status RocksDatabase::Writable() const {
  switch (health_.load(std::memory_order_acquire)) {
    case Health::kGood:
      return {};
    case Health::kNoSpace:
      return {Code::kNoSpace, "the server's disk is full: nothing can be written",
              limits::kNoSpaceRetryMillis};
    case Health::kFailed:
      break;
  }
  return {Code::kStorageFailed,
          "the server stopped writing after a disk error; its operator must restart it"};
}

void RocksDatabase::Break(const rocksdb::Status& why) {
  if (why.IsNoSpace()) {
    Health good = Health::kGood;
    if (!health_.compare_exchange_strong(good, Health::kNoSpace, std::memory_order_acq_rel)) return;
    log_->Error(fmt::format("the disk of {} is full ({}): writes are rejected until space is freed",
                            options_.directory, why.ToString()));
    return;
  }
  if (health_.exchange(Health::kFailed, std::memory_order_acq_rel) == Health::kFailed) return;
  log_->Error(
      fmt::format("writing to {} failed ({}): writes are rejected until a restart; check the disk",
                  options_.directory, why.ToString()));
}

void RocksDatabase::RunUpkeep() {
  CHECK(epoch_.begun() && db_ != nullptr);
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
      unopenable_files_.Tick();
      failed_compactions_.Tick();
    }
    if (++periods % kPeriodsBetweenSlowUpkeep == 0) {
      if (db_ != nullptr) {
        RaiseWatermark();
        index_format_.Update(db_.get());
        // It may write files: not to a full disk, nor after an error.
        if (Writable().ok() && !space_.low()) compression_choice_.Update(db_.get(), families_);
      }
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

// Every write is fsynced in the log before RocksDB counts it in the latest sequence number. A start
// that failed before its epoch was settled must not write a watermark: the next start would take
// the directory for one that continues an epoch.
void RocksDatabase::RaiseWatermark() {
  const uint64_t latest = db_->GetLatestSequenceNumber();
  if (!epoch_.begun() || latest <= watermark_ || !Writable().ok()) return;
  const Status status = directory_->WriteWatermark(latest, epoch_);
  if (status.ok()) watermark_ = latest;
  if (!status.ok() && !watermark_warned_) log_->Warning(status.message());
  watermark_warned_ = !status.ok();
}

}  // namespace smile
