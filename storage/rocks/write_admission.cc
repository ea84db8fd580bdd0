#include "storage/rocks/write_admission.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace smile {
namespace {

Status TooManyWritesWait() {
  return {Code::kOverloaded, "write queue full; retry later", limits::kFullQueueRetryMillis};
}

}  // namespace

WriteAdmission::WriteAdmission(const MemoryReader* memory, GatheredReads* reads,
                               Committer* committer)
    : memory_(memory), reads_(reads), committer_(committer) {}

WriteAdmission::~WriteAdmission() {
  CHECK(lanes_.empty() && lane_count_.load() == 0, "every write that waited was submitted");
  CHECK(held_ == 0);
}

WriteAdmission::Counts WriteAdmission::counts() const {
  const std::lock_guard lock(mutex_);
  return {.fetches = fetches_, .refused = refused_, .waiting = held_};
}

void WriteAdmission::Write(WriteRequest request, std::function<void(WriteReply)> done) {
  std::vector<size_t> missing = MissingRecords(request);
  // A write that happens before this one has either created its lane by now or is in the
  // committer's queue.
  if (missing.empty() && lane_count_.load(std::memory_order_acquire) == 0) {
    return committer_->Submit(std::move(request), std::move(done));
  }
  const uint64_t partition = HashOf(request.partition());
  if (missing.empty() && !HasLane(partition)) {
    return committer_->Submit(std::move(request), std::move(done));
  }
  const size_t bytes = request.bytes();
  if (Status refusal = committer_->Reserve(bytes); !refusal.ok()) {
    return done({.status = std::move(refusal), .versions = {}});
  }
  const auto held = std::make_shared<Held>(
      Held{.write = {.request = std::move(request), .done = std::move(done), .reply = {}},
           .ready = missing.empty()});
  if (!Hold(partition, held)) {
    committer_->GiveBack(bytes);
    return held->write.done({.status = TooManyWritesWait(), .versions = {}});
  }
  if (!missing.empty()) return Fetch(partition, held, std::move(missing));
  SubmitReady(partition);
}

// Indexes of the mutations that depend on a record that may not be in memory, as in
// WriteRequest::ForEachMutation.
std::vector<size_t> WriteAdmission::MissingRecords(const WriteRequest& request) const {
  std::vector<size_t> missing;
  std::vector<size_t> indexes;
  std::vector<KeyView> keys;
  request.ForEachMutation(
      [&](const PartitionView& partition, const MutationView& mutation, size_t index) {
        if (!mutation.DependsOnRecord()) return;
        indexes.push_back(index);
        keys.push_back({partition.table, partition.id, mutation.sort});
      });
  if (keys.empty()) return missing;
  memory_->PeekMany(keys, [&](size_t i, PeekResult result, const RecordView&) {
    if (result == PeekResult::kUnknown) missing.push_back(indexes[i]);
    return true;
  });
  return missing;
}

bool WriteAdmission::HasLane(uint64_t partition) const {
  const std::lock_guard lock(mutex_);
  return lanes_.contains(partition);
}

bool WriteAdmission::Hold(uint64_t partition, const std::shared_ptr<Held>& held) {
  const std::lock_guard lock(mutex_);
  CHECK(held_ <= limits::kMaxHeldWrites);
  if (held_ >= limits::kMaxHeldWrites) {
    ++refused_;
    return false;
  }
  ++held_;
  if (!held->ready) ++fetches_;
  Lane& lane = lanes_[partition];
  lane.writes.push_back(held);
  lane_count_.store(lanes_.size(), std::memory_order_release);
  return true;
}

void WriteAdmission::Fetch(uint64_t partition, const std::shared_ptr<Held>& held,
                           std::vector<size_t> missing) {
  CHECK(!missing.empty());
  const WriteRequest& request = held->write.request;
  ReadRequest read{
      .call = {.deadline_nanos = request.deadline_nanos(), .source = request.source()}};
  auto next = missing.begin();
  request.ForEachMutation(
      [&](const PartitionView& partition, const MutationView& mutation, size_t index) {
        if (next == missing.end() || *next != index) return;
        read.keys.emplace_back(partition.table, partition.id, mutation.sort);
        ++next;
      });
  CHECK(read.keys.size() == missing.size());
  reads_->Look(std::move(read),
               [this, partition, held, missing = std::move(missing)](Result<ReadReply> found) {
                 {
                   const std::lock_guard lock(mutex_);
                   CHECK(!held->ready, "a read is answered once");
                   CHECK(!found.ok() || found->size() == missing.size());
                   held->ready = true;
                   PendingWrite& write = held->write;
                   if (!found.ok()) {
                     write.reply.status = found.status();
                   } else {
                     for (size_t i = 0; i < missing.size(); ++i) {
                       const Status& status = (*found)[i].status();
                       if (status.ok() || status.code() == Code::kNotFound) continue;
                       write.unread.push_back({.mutation = missing[i], .why = status});
                     }
                   }
                 }
                 SubmitReady(partition);
               });
}

// Submits the writes at the front of the lane, up to one that still waits for a reader. Only one
// thread at a time does so for a lane, so that they reach the committer in order.
void WriteAdmission::SubmitReady(uint64_t partition) {
  std::vector<std::shared_ptr<Held>> ready;
  std::unique_lock lock(mutex_);
  for (bool first = true;; first = false) {
    const auto at = lanes_.find(partition);
    CHECK(first || at != lanes_.end(), "only the thread that submits removes a lane");
    if (at == lanes_.end()) return;
    Lane& lane = at->second;
    if (first && std::exchange(lane.submitting, true)) return;
    CHECK(lane.submitting);
    while (!lane.writes.empty() && lane.writes.front()->ready) {
      ready.push_back(std::move(lane.writes.front()));
      lane.writes.pop_front();
    }
    CHECK(ready.size() <= held_);
    held_ -= ready.size();
    if (ready.empty()) {
      lane.submitting = false;
      if (!lane.writes.empty()) return;
      lanes_.erase(at);
      lane_count_.store(lanes_.size(), std::memory_order_release);
      return;
    }
    lock.unlock();
    for (const std::shared_ptr<Held>& held : ready) {
      if (held->write.reply.status.ok()) {
        committer_->SubmitReserved(std::move(held->write));
      } else {
        committer_->GiveBack(held->write.request.bytes());
        held->write.done(std::move(held->write.reply));
      }
    }
    ready.clear();
    lock.lock();
  }
}

}  // namespace smile
