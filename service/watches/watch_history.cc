#include "service/watches/watch_history.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/memory_budget.h"
#include "service/watches/watch_limits.h"
#include "service/watches/watch_sink.h"

namespace smile {
namespace {

// Of an element of `last_`, with its node and bucket.
constexpr size_t kIndexBytes = 64;
// Of a batch: the object with its reference counts, and its place in `batches_`.
constexpr size_t kBatchBytes = AllocatedBytes(sizeof(HistoryBatch) + 16) + sizeof(BatchPointer);

// Of links, clients are told what the mutations say, however the links are stored.
bool IsTold(const AppliedChange& change) {
  const Table table = change.partition.table;
  const bool tells_another = !change.mutation->told_sort.empty();
  CHECK(!tells_another || table == Table::kLinks, "elsewhere, records are what is told");
  if (WatchingOf(table) == Watching::kNever) return false;
  return table != Table::kLinks || tells_another;
}

ByteView SortOf(const AppliedChange& change) {
  const MutationView& mutation = *change.mutation;
  return mutation.told_sort.empty() ? mutation.sort : mutation.told_sort;
}

bool KeepsValue(const AppliedChange& change) {
  return change.mutation->kind == MutationKind::kPut &&
         WatchingOf(change.partition.table) == Watching::kComplete &&
         change.mutation->value.size() <= limits::kMaxWatchValueBytes;
}

size_t BytesOf(const AppliedChange& change) {
  return 1 + change.partition.id.size() + SortOf(change).size() +
         (KeepsValue(change) ? change.mutation->value.size() : 0);
}

// Copies bytes into memory of a known size, one after the other.
class Copier {
 public:
  explicit Copier(char* to) : to_(to) {}
  ByteView Copy(ByteView bytes) {
    if (!bytes.empty()) std::memcpy(to_, bytes.data(), bytes.size());
    to_ += bytes.size();
    return {to_ - bytes.size(), bytes.size()};
  }
  ByteView CopyKey(const PartitionView& partition) {
    *to_++ = static_cast<char>(partition.table);
    const ByteView id = Copy(partition.id);
    return {id.data() - 1, id.size() + 1};
  }

 private:
  char* to_;
};

}  // namespace

Bytes WatchKey(Table table, ByteView partition) {
  Bytes key(1, static_cast<char>(table));
  key.append(partition);
  return key;
}

WatchHistory::WatchHistory(size_t max_bytes) : max_bytes_(max_bytes) {}

void WatchHistory::StartFrom(uint64_t newest) {
  const std::lock_guard lock(mutex_);
  CHECK(newest_ == 0 && batches_.empty(), "before the first change");
  newest_ = floor_ = newest;
}

// With room for as many elements as there may ever be: growing a large table would take
// milliseconds, with the lock and while writes wait.
void WatchHistory::Keep() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(keeps_, true)) return;
  last_.reserve(max_bytes_ / (sizeof(HistoryChange) + kIndexBytes));
}

// With the lock: who calls Keep afterwards knows the version.
bool WatchHistory::SkipUnlessKept(std::span<const AppliedChange> changes) {
  const std::lock_guard lock(mutex_);
  if (keeps_) return false;
  CHECK(changes.front().version > newest_, "versions increase");
  floor_ = newest_ = changes.back().version;
  return true;
}

std::shared_ptr<HistoryBatch> WatchHistory::Copy(std::span<const AppliedChange> changes) const {
  size_t count = 0, bytes = 0;
  for (const AppliedChange& change : changes) {
    if (!IsTold(change)) continue;
    ++count;
    bytes += BytesOf(change);
  }
  if (count == 0) return nullptr;
  auto batch = std::make_shared<HistoryBatch>();
  batch->newest = changes.back().version;
  batch->changes.reserve(count);
  batch->bytes.reset(new char[bytes]);
  batch->memory = kBatchBytes + AllocatedBytes(bytes) +
                  AllocatedBytes(count * sizeof(HistoryChange)) + count * kIndexBytes;
  Copier copier(batch->bytes.get());
  for (const AppliedChange& change : changes) {
    if (!IsTold(change)) continue;
    const MutationView& mutation = *change.mutation;
    const ByteView key = copier.CopyKey(change.partition);
    const ByteView sort = copier.Copy(SortOf(change));
    const bool is_own = mutation.told_sort.empty();
    const bool has_value = KeepsValue(change);
    batch->changes.push_back({.key = key,
                              .sort = sort,
                              .value = has_value ? copier.Copy(mutation.value) : ByteView(),
                              .has_value = has_value,
                              .kind = is_own ? mutation.kind : mutation.told_kind,
                              .version = change.version,
                              .checksum = is_own ? mutation.checksum : 0,
                              .expires_ms = mutation.expires_ms,
                              .hash = hash_(key),
                              .previous = {}});
  }
  return batch;
}

bool WatchHistory::Append(std::span<const AppliedChange> changes) {
  CHECK(!changes.empty());
  if (SkipUnlessKept(changes)) return false;
  std::shared_ptr<HistoryBatch> batch = Copy(changes);
  std::vector<BatchPointer> dropped;  // destroyed after the lock was released
  const std::lock_guard lock(mutex_);
  CHECK(changes.front().version > newest_, "versions increase");
  if (floor_ == kUnknownFloor) floor_ = changes.front().version - 1;
  newest_ = changes.back().version;
  if (batch == nullptr) return false;
  for (size_t i = 0; i < batch->changes.size(); ++i) {
    HistoryChange& change = batch->changes[i];
    change.previous = std::exchange(last_[change.hash], HistoryPlace{next(), i});
  }
  Push(std::move(batch), &dropped);
  return true;
}

void WatchHistory::AppendGap() {
  auto batch = std::make_shared<HistoryBatch>();
  batch->is_gap = true;
  batch->memory = kBatchBytes;
  std::vector<BatchPointer> dropped;
  const std::lock_guard lock(mutex_);
  floor_ = kUnknownFloor;
  if (!keeps_) return;
  batch->newest = newest_;
  Push(std::move(batch), &dropped);
}

void WatchHistory::Push(std::shared_ptr<HistoryBatch> batch, std::vector<BatchPointer>* dropped) {
  bytes_ += batch->memory;
  batches_.push_back(std::move(batch));
  while (bytes_ > max_bytes_) dropped->push_back(DropFirst());
}

BatchPointer WatchHistory::DropFirst() {
  CHECK(!batches_.empty());
  BatchPointer batch = std::move(batches_.front());
  for (size_t i = 0; i < batch->changes.size(); ++i) {
    const auto last = last_.find(batch->changes[i].hash);
    if (last != last_.end() && last->second == HistoryPlace{first_, i}) last_.erase(last);
  }
  batches_.pop_front();
  ++first_;
  bytes_ -= batch->memory;
  floor_ = std::max(floor_, batch->newest);
  return batch;
}

WatchHistory::End WatchHistory::end() const {
  const std::lock_guard lock(mutex_);
  return {next(), newest_};
}

WatchHistory::Taken WatchHistory::Take(uint64_t from) const {
  Taken taken;
  size_t bytes = 0;
  const std::lock_guard lock(mutex_);
  taken.end = {next(), newest_};
  CHECK(from <= next());
  if (from < first_) {
    taken.too_late = true;
    return taken;
  }
  for (; from < next() && taken.batches.size() < limits::kWatchBatchesTaken; ++from) {
    const BatchPointer& batch = batches_[from - first_];
    bytes += batch->memory;
    if (bytes > limits::kWatchBytesTaken && !taken.batches.empty()) break;
    taken.batches.push_back(batch);
  }
  return taken;
}

WatchHistory::Past WatchHistory::Since(ByteView key, uint64_t after,
                                       const PastLimits& limits) const {
  const uint64_t hash = hash_(key);
  Past past;
  size_t value_bytes = 0;
  const std::lock_guard lock(mutex_);
  past.newest = newest_;
  past.is_gap = after < floor_ || after > newest_;
  const auto last = last_.find(hash);
  if (past.is_gap || last == last_.end()) return past;
  for (HistoryPlace place = last->second; place.batch >= first_;) {
    const BatchPointer& batch = batches_[place.batch - first_];
    const HistoryChange& change = batch->changes[place.change];
    if (change.version <= after) break;
    place = change.previous;
    if (change.key != key) continue;
    value_bytes += change.value.size();
    if (past.changes.size() == limits.changes || value_bytes > limits.value_bytes) {
      past.is_gap = true;
      past.changes.clear();
      return past;
    }
    past.changes.push_back({batch, &change});
  }
  std::reverse(past.changes.begin(), past.changes.end());
  return past;
}

WatchHistory::Size WatchHistory::size() const {
  const std::lock_guard lock(mutex_);
  return {bytes_, batches_.size(), floor_};
}

}  // namespace smile
