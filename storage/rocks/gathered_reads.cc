#include "storage/rocks/gathered_reads.h"

#include <memory>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/wake_together.h"
#include "storage/rocks/multi_get.h"

namespace smile {
namespace {

// Reading so many bytes of values costs a source's turn as much as looking up a key.
constexpr size_t kBytesPerKeyOfCost = 4096;

size_t BytesOf(const ReadRequest& request) {
  size_t bytes = sizeof(PendingRead);
  for (const Key& key : request.keys) bytes += sizeof(Key) + key.partition.size() + key.sort.size();
  return bytes;
}

void Answer(std::vector<PendingRead>* reads) {
  const WakeTogether together;
  for (PendingRead& read : *reads) {
    if (read.ended.ok()) {
      read.done(std::move(read.reply));
    } else {
      read.done(std::move(read.ended));
    }
  }
}

}  // namespace

class GatheredReads::Job final : public ReaderPool::Job {
 public:
  explicit Job(GatheredReads* all) : ReaderPool::Job({}, Kind::kPointReads), all_(all) {}

  Progress Run() override {
    bool more = false;
    std::vector<PendingRead> reads = all_->Take(&more);
    if (more) all_->Schedule();  // for another reader, at the same time
    size_t fetched = 0;
    if (const UseGate::Use use = all_->database_->Enter()) {
      fetched =
          ReadBatch(all_->database_, all_->cache_, all_->clock_, &all_->sizes_, &reads).Run([this] {
            return all_->pool_->closing();
          });
    } else {
      for (PendingRead& read : reads) read.ended = RocksDatabase::Reopening();
    }
    all_->Settle(reads, fetched);  // before the answers: a caller may look at the counts
    Answer(&reads);
    return all_->GoOn() ? Progress::kMore : Progress::kDone;
  }
  void Refuse(Status why) override { all_->RefuseAll(why); }
  void End() override { all_->RefuseAll(Status(Code::kShuttingDown, "the storage is closing")); }

 private:
  GatheredReads* const all_;
};

GatheredReads::GatheredReads(const RocksDatabase* database, RecordCache* cache, const Clock* clock,
                             ReaderPool* pool, uint32_t readers)
    : database_(database),
      cache_(cache),
      clock_(clock),
      pool_(pool),
      readers_(readers),
      waiting_(/*quantum=*/kMultiGetKeys) {
  CHECK(readers >= 1);
}

GatheredReads::~GatheredReads() {
  CHECK(waiting_.empty() && waiting_bytes_ == 0, "every read was answered");
  CHECK(running_ == 0, "the pool was closed");
}

void GatheredReads::Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) {
  Enqueue({.request = std::move(request), .done = std::move(done), .reply = {}});
}

void GatheredReads::Look(ReadRequest request, std::function<void(Result<ReadReply>)> done) {
  Enqueue(
      {.request = std::move(request), .done = std::move(done), .reply = {}, .wants_values = false});
}

void GatheredReads::Enqueue(PendingRead read) {
  CHECK(read.done && !read.request.keys.empty());
  std::unique_lock lock(mutex_);
  if (waiting_.size() >= limits::kMaxReaderQueue ||
      waiting_bytes_ >= limits::kMaxReaderQueueBytes) {
    lock.unlock();
    return read.done(TooManyReadsWait());
  }
  waiting_bytes_ += BytesOf(read.request);
  const uint64_t source = read.request.call.source;
  const size_t keys = read.request.keys.size();
  waiting_.Push(source, keys, std::move(read));
  const bool schedule = !std::exchange(scheduled_, true);
  lock.unlock();
  if (schedule) Schedule();
}

GatheredReads::Counts GatheredReads::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.waiting = waiting_.size();
  return counts;
}

void GatheredReads::Schedule() {
  pool_->Submit(std::make_unique<Job>(this));
}

// The pool accepts no more jobs. A running job will take what waits; without one it is refused.
void GatheredReads::RefuseAll(const Status& why) {
  std::vector<PendingRead> refused;
  {
    const std::lock_guard lock(mutex_);
    scheduled_ = false;
    if (running_ > 0) return;
    while (!waiting_.empty()) {
      refused.push_back(waiting_.Pop());
      waiting_bytes_ -= BytesOf(refused.back().request);
    }
    CHECK(waiting_bytes_ == 0, "the bytes of all reads add up");
  }
  for (PendingRead& read : refused) read.done(why);
}

// A reader's share of what waits: an equal part for each reader, but not more keys than RocksDB
// looks up together (or one read, of any size). *more: a job must be scheduled for the rest.
std::vector<PendingRead> GatheredReads::Take(bool* more) {
  std::vector<PendingRead> taken;
  std::vector<std::pair<PendingRead, Status>> refused;
  const int64_t now = clock_->MonotonicNanos();
  {
    const std::lock_guard lock(mutex_);
    ++running_;
    CHECK(running_ <= readers_, "one job per reader runs at a time");
    const size_t share = (waiting_.size() + readers_ - 1) / readers_;
    size_t keys = 0;
    while (!waiting_.empty() && taken.size() < share) {
      keys += waiting_.Front().request.keys.size();
      if (!taken.empty() && keys > kMultiGetKeys) break;
      uint64_t source = 0;
      PendingRead next = waiting_.PopToSettle(&source);
      CHECK(source == next.request.call.source);
      CHECK(BytesOf(next.request) <= waiting_bytes_);
      waiting_bytes_ -= BytesOf(next.request);
      if (Status why = MayRead(next.request.call, now); !why.ok()) {
        waiting_.Settle(source, next.request.keys.size(), 0);
        refused.emplace_back(std::move(next), std::move(why));
      } else {
        taken.push_back(std::move(next));
      }
    }
    counts_.reads += taken.size();
    if (!taken.empty()) ++counts_.batches;
    *more = !waiting_.empty();
    scheduled_ = *more;
  }
  for (auto& [read, why] : refused) read.done(std::move(why));
  return taken;
}

void GatheredReads::Settle(const std::vector<PendingRead>& done, size_t fetched) {
  const std::lock_guard lock(mutex_);
  counts_.fetched_keys += fetched;
  for (const PendingRead& read : done) {
    const size_t keys = read.request.keys.size();
    waiting_.Settle(read.request.call.source, keys, keys + read.value_bytes / kBytesPerKeyOfCost);
  }
}

// Whether the calling job, which has done its share, must take more because no other job will.
bool GatheredReads::GoOn() {
  const std::lock_guard lock(mutex_);
  CHECK(running_ > 0);
  --running_;
  if (waiting_.empty() || scheduled_) return false;
  scheduled_ = true;
  return true;
}

}  // namespace smile
