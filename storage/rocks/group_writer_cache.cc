// What a group does to the record cache; see storage/record_cache.h for the protocol.
#include <algorithm>

#include "base/check.h"
#include "storage/cached_page.h"
#include "storage/rocks/group_writer.h"

namespace smile {
namespace {

// Keys whose cache entries are prefetched together: enough to hide the latency, few enough to stay
// in the L1 cache until they are used.
constexpr size_t kPrefetched = 16;

// Each change of a cached page copies it. With more of them, reading the page again costs less.
constexpr size_t kMaxPageChanges = 8;

const RecordView* PointerTo(const std::optional<RecordView>& record) {
  return record ? &*record : nullptr;
}

}  // namespace

std::optional<RecordView> GroupWriter::Staged::record() const {
  if (mutation->kind == MutationKind::kDelete) return std::nullopt;
  return RecordView{.version = version,
                    .checksum = mutation->checksum,
                    .expires_ms = mutation->expires_ms,
                    .value = mutation->value};
}

// After its mutations were staged.
void GroupWriter::StageFirst(const WriteRequest& request) {
  StagedFirst first{.index = staged_.size() - 1, .only_puts = true, .first_sort = {}};
  for (const MutationView& mutation : request.mutations()) {
    if (mutation.kind != MutationKind::kPut || mutation.expires_ms != 0) first.only_puts = false;
    first.first_sort = std::max(first.first_sort, mutation.sort);  // newest first
  }
  staged_firsts_.push_back(first);
}

// Calls visit(i) for every cache key, prefetching a few entries at a time.
template <class Visit>
void GroupWriter::ForEachCacheKey(bool prefetch, Visit visit) {
  const std::span<const CacheKey> keys = cache_keys_;
  for (size_t begin = 0; begin < keys.size(); begin += kPrefetched) {
    const size_t end = std::min(keys.size(), begin + kPrefetched);
    if (prefetch) cache_->Prefetch(keys.subspan(begin, end - begin));
    for (size_t i = begin; i < end; ++i) visit(i);
  }
}

void GroupWriter::BeginCacheWrites() {
  cache_keys_.clear();
  for (const Staged& staged : staged_) {
    const ByteView key = ByteView(staged_keys_).substr(staged.key_offset, staged.key_size);
    cache_keys_.push_back(cache_->KeyOf(staged.table, key));
  }
  CHECK(cache_keys_.size() == staged_.size());
  for (const StagedPage& page : staged_pages_) {
    const CacheKey key = cache_keys_[page.begin];
    const size_t size = staged_[page.begin].partition_size + PagePrefixBytes(key.table());
    cache_keys_.push_back(cache_->PageKeyOf(key.table(), key.encoded().substr(0, size)));
  }
  for (const StagedFirst& first : staged_firsts_) {
    const CacheKey key = cache_keys_[first.index];
    const size_t size = staged_[first.index].partition_size;
    cache_keys_.push_back(cache_->FirstKeyOf(key.table(), key.encoded().substr(0, size)));
  }
  some_are_cached_ = false;
  ForEachCacheKey(/*prefetch=*/true, [this](size_t i) {
    if (cache_->BeginWrite(cache_keys_[i])) some_are_cached_ = true;
  });
}

void GroupWriter::EndCacheWrites(bool written) {
  const size_t firsts = staged_.size() + staged_pages_.size();
  CHECK(cache_keys_.size() == firsts + staged_firsts_.size(), "each write ends once");
  ForEachCacheKey(/*prefetch=*/some_are_cached_, [&](size_t i) {
    if (i >= firsts) {
      const StagedFirst& first = staged_firsts_[i - firsts];
      return cache_->EndFirstWrite(cache_keys_[i], written && first.only_puts, first.first_sort);
    }
    if (i >= staged_.size()) {
      const StagedPage& writes = staged_pages_[i - staged_.size()];
      return cache_->EndPageWrite(cache_keys_[i], [&](ByteView page) {
        return written ? PageAfterWrites(writes, page) : std::nullopt;
      });
    }
    cache_->EndWrite(cache_keys_[i], written, PointerTo(staged_[i].record()));
  });
}

std::optional<Bytes> GroupWriter::PageAfterWrites(const StagedPage& writes, ByteView page) const {
  if (writes.count > kMaxPageChanges) return std::nullopt;
  std::optional<Bytes> changed;
  for (size_t i = writes.begin; i < writes.begin + writes.count; ++i) {
    const Staged& staged = staged_[i];
    changed = PageAfter(staged.table, changed ? *changed : page, staged.mutation->sort,
                        PointerTo(staged.record()));
    if (!changed) return std::nullopt;
  }
  return changed;
}

// Table by table, in runs of staged mutations; usually all are of one table.
void GroupWriter::PrefetchMemtables() {
  for (size_t begin = 0; begin < staged_.size();) {
    const Table table = staged_[begin].table;
    partitions_.clear();
    for (; begin < staged_.size() && staged_[begin].table == table; ++begin) {
      const Staged& staged = staged_[begin];
      partitions_.push_back(
          ByteView(staged_keys_).substr(staged.key_offset, staged.partition_size));
    }
    database_->memtables(table).Prefetch(partitions_);
  }
}

}  // namespace smile
