#include "storage/rocks/rocks_engine.h"

#include <rocksdb/db.h>

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "storage/committer.h"
#include "storage/first_sort.h"
#include "storage/reader_pool.h"
#include "storage/record_cache.h"
#include "storage/rocks/gathered_reads.h"
#include "storage/rocks/group_writer.h"
#include "storage/rocks/list_job.h"
#include "storage/rocks/memory_reader.h"
#include "storage/rocks/rocks_database.h"
#include "storage/rocks/rocks_seams.h"
#include "storage/rocks/rocks_stats.h"
#include "storage/rocks/scan_job.h"
#include "storage/rocks/stats_thread.h"
#include "storage/rocks/walk_slice.h"
#include "storage/rocks/write_admission.h"

namespace smile {

class RocksEngine::Parts {
 public:
  Parts(const RocksOptions& options, const Clock* clock, std::unique_ptr<RocksDatabase> database)
      : clock(clock),
        database(std::move(database)),
        cache(options.record_cache_bytes),
        memory(this->database.get(), &cache, clock),
        patient_readers(clock, {options.readers, "smile-patient", ReaderPool::Priority::kLow}),
        readers(clock, {options.readers, "smile-reader", ReaderPool::Priority::kUsual},
                &patient_readers),
        reads(this->database.get(), &cache, clock, &readers, options.readers),
        condition_reads(this->database.get(), &cache, clock, &patient_readers, options.readers),
        writer(this->database.get(), &cache, clock),
        committer(
            clock, [this] { writer.Pace(); }, [this](auto group) { writer.Commit(group); },
            [this] { writer.OnAnswered(); }),
        admission(&memory, &condition_reads, &committer),
        stats([this] { return GatherStats(); }) {}

  EngineStats GatherStats() const;

  const Clock* const clock;
  std::unique_ptr<RocksDatabase> database;
  RecordCache cache;
  MemoryReader memory;
  WalkBudget walk_budget;
  // Walks that found nothing in their first slice, and what conditions of writes need: none of
  // these may delay others, however many there are.
  ReaderPool patient_readers;
  ReaderPool readers;
  GatheredReads reads;
  GatheredReads condition_reads;
  GroupWriter writer;
  Committer committer;
  WriteAdmission admission;
  StatsThread stats;
  std::atomic<bool> closed{false};
};

EngineStats RocksEngine::Parts::GatherStats() const {
  const Committer::Counts commits = committer.counts();
  const WriteAdmission::Counts admitted = admission.counts();
  const GatheredReads::Counts read = reads.counts();
  const GatheredReads::Counts condition = condition_reads.counts();
  EngineStats gathered = {
      {"storage.commit.disk_reads_count", writer.disk_reads()},
      {"storage.commit.admission_reads_count", admitted.fetches},
      {"storage.commit.admission_waiting_count", admitted.waiting},
      {"storage.commit.groups_count", commits.groups},
      {"storage.commit.rejected_writes_count", commits.refused_writes + admitted.refused},
      {"storage.commit.waiting_bytes", commits.waiting_bytes},
      {"storage.commit.writes_count", commits.writes},
      {"storage.readers.batches_count", read.batches + condition.batches},
      {"storage.readers.fetched_keys_count", read.fetched_keys + condition.fetched_keys},
      {"storage.readers.reads_count", read.reads + condition.reads},
      {"storage.readers.waiting_count",
       readers.waiting_jobs() + patient_readers.waiting_jobs() + read.waiting + condition.waiting}};
  const RecordCache::Counts cached = cache.counts();
  gathered.insert(gathered.end(),
                  {{"storage.record_cache.bytes", cached.bytes},
                   {"storage.record_cache.first_hits_count", cached.firsts.hits},
                   {"storage.record_cache.first_misses_count", cached.firsts.misses},
                   {"storage.record_cache.firsts_count", cached.firsts.entries},
                   {"storage.record_cache.hits_count", cached.records.hits},
                   {"storage.record_cache.misses_count", cached.records.misses},
                   {"storage.record_cache.page_hits_count", cached.pages.hits},
                   {"storage.record_cache.page_misses_count", cached.pages.misses},
                   {"storage.record_cache.pages_count", cached.pages.entries},
                   {"storage.record_cache.records_count", cached.records.entries}});
  if (const UseGate::Use use = database->Enter()) AppendRocksStats(*database, &gathered);
  std::sort(gathered.begin(), gathered.end());
  return gathered;
}

Result<std::unique_ptr<RocksEngine>> RocksEngine::Open(const RocksOptions& options,
                                                       const Clock* clock, const Logger* log) {
  return RocksSeams::Open(options, clock, log, rocksdb::Env::Default());
}

RocksEngine::RocksEngine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

RocksEngine::~RocksEngine() {
  Close();
}

PeekResult RocksEngine::Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) {
  if (parts_->closed.load(std::memory_order_acquire)) return PeekResult::kUnknown;
  return parts_->memory.Peek(key, found);
}

void RocksEngine::PeekMany(std::span<const KeyView> keys, PeekEach each) {
  if (!parts_->closed.load(std::memory_order_acquire)) return parts_->memory.PeekMany(keys, each);
  for (size_t i = 0; i < keys.size() && each(i, PeekResult::kUnknown, {}); ++i) {
  }
}

bool RocksEngine::PeekScan(const ScanRequest& request, FoundPage found) {
  return !parts_->closed.load(std::memory_order_acquire) && parts_->memory.PeekScan(request, found);
}

void RocksEngine::PeekFirst(Table table, std::span<const Bytes> partitions, PeekFirstEach each) {
  if (parts_->closed.load(std::memory_order_acquire) || !HasFirstSort(table)) {
    return Engine::PeekFirst(table, partitions, each);
  }
  parts_->memory.PeekFirst(table, partitions, each);
}

void RocksEngine::Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) {
  CHECK(!request.keys.empty());
  parts_->reads.Read(std::move(request), std::move(done));
}

void RocksEngine::Write(WriteRequest request, std::function<void(WriteReply)> done) {
  if (parts_->closed.load(std::memory_order_acquire)) {
    return done({.status = Status(Code::kShuttingDown, "the storage is closing"), .versions = {}});
  }
  parts_->admission.Write(std::move(request), std::move(done));
}

void RocksEngine::Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) {
  parts_->readers.Submit(std::make_unique<ScanJob>(parts_->database.get(), &parts_->cache,
                                                   &parts_->walk_budget, parts_->clock,
                                                   std::move(request), std::move(done)));
}

void RocksEngine::List(ListRequest request, std::function<void(Result<ListPage>)> done) {
  parts_->readers.Submit(std::make_unique<ListJob>(parts_->database.get(), &parts_->walk_budget,
                                                   parts_->clock, std::move(request),
                                                   std::move(done)));
}

uint64_t RocksEngine::Observe(ChangeObserver* observer) {
  return parts_->writer.Observe(observer);
}

std::string_view RocksEngine::Trouble() const {
  if (parts_->closed.load(std::memory_order_acquire)) return {};
  const RocksDatabase& database = *parts_->database;
  const Code writable = database.Writable().code();
  if (writable == Code::kStorageFailed) return "storage_failed";
  if (writable == Code::kNoSpace || database.space().low()) return "no_space";
  return database.damage().any() ? "damaged" : "";
}

void RocksEngine::Stats(std::function<void(EngineStats)> done) {
  parts_->stats.Ask(std::move(done));
}

void RocksEngine::Close() {
  if (parts_->closed.exchange(true, std::memory_order_acq_rel)) return;
  // Readers first: writes that wait for them are submitted to the committer before it closes.
  parts_->readers.Close();
  parts_->patient_readers.Close();
  parts_->committer.Close();
  parts_->stats.Close();
  parts_->database.reset();
}

// --- RocksSeams ---------------------------------------------------------------------------------

Result<std::unique_ptr<RocksEngine>> RocksSeams::Open(const RocksOptions& options,
                                                      const Clock* clock, const Logger* log,
                                                      rocksdb::Env* env) {
  SMILE_ASSIGN(auto database, RocksDatabase::Open(options, clock, log, env));
  return std::unique_ptr<RocksEngine>(
      new RocksEngine(std::make_unique<RocksEngine::Parts>(options, clock, std::move(database))));
}

UseGate::Use RocksSeams::Enter(RocksEngine* engine) {
  return engine->parts_->database->Enter();
}

rocksdb::DB* RocksSeams::Database(RocksEngine* engine) {
  return engine->parts_->database->db();
}

BlobCollector* RocksSeams::Collector(RocksEngine* engine) {
  return &engine->parts_->database->collector();
}

ReaderPool* RocksSeams::Readers(RocksEngine* engine) {
  return &engine->parts_->readers;
}

ReaderPool* RocksSeams::PatientReaders(RocksEngine* engine) {
  return &engine->parts_->patient_readers;
}

void RocksSeams::SetWalkBudget(RocksEngine* engine, const WalkBudget& budget) {
  engine->parts_->walk_budget = budget;
}

rocksdb::ColumnFamilyHandle* RocksSeams::Family(RocksEngine* engine, Table table) {
  return engine->parts_->database->family(table);
}

}  // namespace smile
