#include "storage/commit_backlog.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace smile {
namespace {

// The turn of a source when more writes wait than fit in a group: some tens of small writes.
constexpr size_t kTurnBytes = size_t{16} << 10;
static_assert(kTurnBytes <= limits::kMaxCommitGroupBytes);
static_assert(limits::kMaxSharedBulkGroupBytes <= limits::kMaxBulkGroupBytes);
static_assert(limits::kMaxBulkGroupBytes < limits::kMaxCommitGroupBytes);

// Not that of a hash table: one that somebody can guess only makes streams wait for each other.
constexpr uint64_t kMixer = 0x9e3779b97f4a7c15;

}  // namespace

CommitBacklog::CommitBacklog() : others_(kTurnBytes), bulk_(limits::kLeastBulkWriteBytes) {}

uint64_t CommitBacklog::StreamOf(const PendingWrite& write) {
  return HashOf(write.request.partition()) ^ (write.request.source() * kMixer);
}

void CommitBacklog::Push(PendingWrite write) {
  Stream& stream = streams_[StreamOf(write)];
  if (stream.waiting == 0) stream.in_bulk = write.request.bulk();
  ++stream.waiting;
  const uint64_t source = write.request.source();
  const size_t cost = write.request.bytes();
  (stream.in_bulk ? bulk_ : others_).Push(source, cost, std::move(write));
}

void CommitBacklog::Take(size_t bulk_bytes, std::vector<PendingWrite>* group) {
  CHECK(group->empty() && bulk_bytes <= limits::kMaxBulkGroupBytes);
  const size_t requests = limits::kMaxCommitGroupRequests;
  if (bulk_bytes > 0) TakeFrom(&bulk_, bulk_bytes, requests / 2, group);
  TakeFrom(&others_, limits::kMaxCommitGroupBytes - limits::kMaxBulkGroupBytes, requests, group);
}

// Until the group has `max_requests`.
void CommitBacklog::TakeFrom(Queue* queue, size_t max_bytes, size_t max_requests,
                             std::vector<PendingWrite>* group) {
  size_t bytes = 0;
  while (!queue->empty() && group->size() < max_requests) {
    bytes += queue->Front().request.bytes();
    if (bytes > max_bytes && bytes > queue->Front().request.bytes()) return;
    group->push_back(queue->Pop());
    const auto stream = streams_.find(StreamOf(group->back()));
    CHECK(stream != streams_.end() && stream->second.waiting > 0);
    if (--stream->second.waiting == 0) streams_.erase(stream);
  }
}

}  // namespace smile
