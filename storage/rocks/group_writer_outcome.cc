// GroupWriter, continued: the outcome of a group, for its writes and for the observer.
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "storage/rocks/group_writer.h"

namespace smile {

uint64_t GroupWriter::Observe(ChangeObserver* observer) {
  CHECK(observer_ == nullptr, "observed once");
  const UseGate::Use use = database_->Enter();
  CHECK(use, "observed before it is closed");
  observer_ = observer;
  return NextVersion() - 1;
}

void GroupWriter::TellObserver() {
  changes_.clear();
  for (const Staged& staged : staged_) {
    changes_.push_back({{staged.table, staged.partition}, staged.mutation, staged.version});
  }
  observer_->OnChanges(changes_);
}

void GroupWriter::FailAll(std::span<PendingWrite> group, const Status& status, bool no_space) {
  // A condition may have failed because of a write that has failed now. The conditional write
  // itself was not in the batch, so it is known to have had no effect.
  CHECK(!status.ok());
  Status unjudged = status;
  if (status.code() == Code::kOutcomeUnknown) {
    unjudged = Status(no_space ? Code::kNoSpace : Code::kStorageFailed,
                      "an earlier write in the same group failed: nothing was written",
                      limits::kNoSpaceRetryMillis);
  }
  for (PendingWrite& write : group) {
    if (write.late) continue;
    if (write.reply.status.ok()) write.reply = {.status = status, .versions = {}};
    if (write.reply.status.code() == Code::kConditionFailed) {
      write.reply = {.status = unjudged, .versions = {}};
    }
  }
}

// Until RocksDB is reopened, the cache inserts nothing for these keys.
void GroupWriter::KeepUnknownCacheWrites() {
  CHECK(unknown_.empty(), "nothing is written between an unknown outcome and the reopening");
  unknown_until_ = database_->reopenings() + 1;
  for (const CacheKey& key : cache_keys_) {
    unknown_.push_back({key.kind(), key.table(), Bytes(key.encoded())});
  }
}

void GroupWriter::EndUnknownCacheWrites() {
  if (unknown_.empty() || database_->reopenings() < unknown_until_) return;
  for (const UnknownWrite& write : unknown_) {
    cache_->EndWrite(cache_->KeyOf(write.kind, write.table, write.encoded), /*known=*/false,
                     nullptr);
  }
  unknown_.clear();
  if (observer_ != nullptr) observer_->OnGap();
}

}  // namespace smile
