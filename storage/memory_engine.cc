#include "storage/memory_engine.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"

namespace smile {
namespace {

// Of a record whose version is 0 if it is absent. nullopt: its value is not a number.
std::optional<int64_t> NumberOf(const Record& current) {
  return current.version == 0 ? 0 : ParseNumber(current.value);
}

}  // namespace

bool MemoryEngine::SortOrder::operator()(const Bytes& a, const Bytes& b) const {
  if (!newest_first) return a < b;
  const size_t common = std::min(a.size(), b.size());
  const int order = a.compare(0, common, b, 0, common);
  return order != 0 ? order > 0 : a.size() < b.size();
}

MemoryEngine::MemoryEngine(const Clock* clock, Answers answers, size_t records_per_page)
    : clock_(clock),
      answers_(answers),
      records_per_page_(records_per_page),
      last_version_(static_cast<uint64_t>(clock->WallMillis()) << 21) {
  CHECK(records_per_page > 0);
  if (answers == Answers::kOnThread) thread_ = std::thread([this] { RunAnswers(); });
}

MemoryEngine::~MemoryEngine() {
  Close();
  CHECK(waiting_answers_.empty(), "every call was answered");
}

PeekResult MemoryEngine::Peek(const KeyView& key, FunctionRef<void(const RecordView&)> found) {
  Record record;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return PeekResult::kUnknown;
    const Record* const at = Find(key);
    if (at == nullptr) return PeekResult::kAbsent;
    record = *at;
  }
  found(record.view());
  return PeekResult::kFound;
}

bool MemoryEngine::PeekScan(const ScanRequest& request, FoundPage found) {
  const Result<ScanPage> page = Under<ScanPage>({}, [&] { return ScanSome(request); });
  if (!page.ok() || page->resume_from.has_value()) return false;
  std::vector<ScanPage::Entry> entries;
  for (size_t i = 0; i < page->size(); ++i) entries.push_back((*page)[i]);
  found(entries, page->more);
  return true;
}

void MemoryEngine::PeekFirst(Table table, std::span<const Bytes> partitions, PeekFirstEach each) {
  for (size_t i = 0; i < partitions.size(); ++i) {
    PeekResult result = PeekResult::kUnknown;
    Bytes sort;
    const auto found = [&](std::span<const ScanPage::Entry> entries, bool /*more*/) {
      result = entries.empty() ? PeekResult::kAbsent : PeekResult::kFound;
      if (!entries.empty()) sort = entries.front().sort;
    };
    PeekScan({.table = table, .partition = partitions[i], .limit = 1, .keys_only = true}, found);
    each(i, result, sort);
  }
}

void MemoryEngine::Read(ReadRequest request, std::function<void(Result<ReadReply>)> done) {
  CHECK(!request.keys.empty());
  auto reply = Under<ReadReply>(request.call, [&] { return ReadAll(request); });
  Answer([done = std::move(done), reply = std::move(reply)]() mutable { done(std::move(reply)); });
}

void MemoryEngine::Write(WriteRequest request, std::function<void(WriteReply)> done) {
  ChangeObserver* told = nullptr;
  auto result = Under<WriteReply>({.deadline_nanos = request.deadline_nanos()}, [&] {
    Applied applied = Apply(request);
    if (applied.reply.status.ok()) told = observer_;
    if (told != nullptr) told->OnChanges(applied.changes);
    return std::move(applied.reply);
  });
  WriteReply reply;
  if (result.ok()) {
    reply = std::move(result).value();
  } else {
    reply.status = result.status();
  }
  Answer([done = std::move(done), reply = std::move(reply), told]() mutable {
    done(std::move(reply));
    if (told != nullptr) told->OnAnswered();
  });
}

void MemoryEngine::Scan(ScanRequest request, std::function<void(Result<ScanPage>)> done) {
  CHECK(request.limit > 0);
  auto page = Under<ScanPage>(request.call, [&] { return ScanSome(request); });
  if (page.ok() && page->more && page->size() == 0 && !page->resume_from.has_value()) {
    page = NoMemoryForResult();
  }
  Answer([done = std::move(done), page = std::move(page)]() mutable { done(std::move(page)); });
}

void MemoryEngine::List(ListRequest request, std::function<void(Result<ListPage>)> done) {
  CHECK(request.limit > 0);
  auto page = Under<ListPage>(request.call, [&] { return ListSome(request); });
  if (page.ok() && page->more && page->partitions.empty() && !page->resume_from.has_value()) {
    page = NoMemoryForResult();
  }
  Answer([done = std::move(done), page = std::move(page)]() mutable { done(std::move(page)); });
}

void MemoryEngine::Stats(std::function<void(EngineStats)> done) {
  EngineStats stats;
  {
    const std::lock_guard lock(mutex_);
    uint64_t records = 0;
    for (const auto& [id, partition] : partitions_) records += partition.size();
    stats = {{"storage.memory.partitions_count", partitions_.size()},
             {"storage.memory.records_count", records},
             {"storage.memory.writes_count", writes_}};
  }
  Answer([done = std::move(done), stats = std::move(stats)]() mutable { done(std::move(stats)); });
}

void MemoryEngine::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

template <class Reply, class Operation>
Result<Reply> MemoryEngine::Under(const CallContext& call, const Operation& operation) {
  const std::lock_guard lock(mutex_);
  if (closed_) return Status(Code::kShuttingDown, "the storage is closed");
  if (Status why = MayRead(call, clock_->MonotonicNanos()); !why.ok()) return why;
  return Reply(operation());
}

const Record* MemoryEngine::Find(const KeyView& key) const {
  const auto partition = partitions_.find({key.table, Bytes(key.partition)});
  if (partition == partitions_.end()) return nullptr;
  const auto record = partition->second.find(Bytes(key.sort));
  const bool seen =
      record != partition->second.end() && !record->second.view().ExpiredAt(clock_->WallMillis());
  return seen ? &record->second : nullptr;
}

// The mutations are applied one after the other; if one cannot be, all are undone.
MemoryEngine::Applied MemoryEngine::Apply(const WriteRequest& request) {
  std::map<Place, Partition> before;
  request.ForEachMutation([&](const PartitionView& id, const MutationView&, size_t) {
    const Place place(id.table, id.id);
    const SortOrder order{InfoOf(id.table).newest_first};
    before.try_emplace(place, partitions_.try_emplace(place, Partition(order)).first->second);
  });
  ++writes_;
  Applied applied;
  WriteReply& reply = applied.reply;
  request.ForEachMutation([&](const PartitionView& id, const MutationView& mutation, size_t i) {
    if (!reply.status.ok()) return;
    const KeyView key{id.table, id.id, mutation.sort};
    const Record* const record = Find(key);
    const Record current = record == nullptr ? Record() : *record;
    reply.status = StatusFor(mutation, current);
    if (reply.status.ok()) return Put(key, Resolve(mutation, current, &applied), &applied);
    reply.failed_index = static_cast<uint32_t>(i);
    for (uint32_t j = 0; j < applied.changes.size(); ++j) {
      const AppliedChange& change = applied.changes[j];
      if (change.partition == id && change.mutation->sort == mutation.sort) reply.met_index = j;
    }
    if (!reply.met_index.has_value()) reply.met_version = current.version;
  });
  for (auto& [place, partition] : before) {
    const auto at = partitions_.find(place);
    if (!reply.status.ok()) at->second = std::move(partition);
    if (at->second.empty()) partitions_.erase(at);
  }
  if (!reply.status.ok()) {
    reply.numbers.clear();
    return applied;
  }
  CHECK(applied.changes.back().version == last_version_);
  for (size_t i = 0; i < request.mutations().size(); ++i) {
    reply.versions.push_back(applied.changes[i].version);
  }
  return applied;
}

// Whether the mutation can be applied to the record; its version is 0 if it is absent.
Status MemoryEngine::StatusFor(const MutationView& mutation, const Record& current) {
  if (!mutation.condition.HoldsFor(current.version)) return {Code::kConditionFailed, ""};
  if (mutation.kind != MutationKind::kAdd) return {};
  return CheckAddition(NumberOf(current), mutation.addition);
}

// An addition as the put of its sum; any other mutation as it is. It is kept in `applied`.
const MutationView& MemoryEngine::Resolve(const MutationView& mutation, const Record& current,
                                          Applied* applied) {
  MutationView& resolved = applied->mutations.emplace_back(mutation);
  if (mutation.kind != MutationKind::kAdd) return resolved;
  const int64_t sum = AddTo(NumberOf(current).value(), mutation.addition).value();
  applied->reply.numbers.push_back(sum);
  resolved = {.kind = MutationKind::kPut, .sort = mutation.sort, .expires_ms = current.expires_ms};
  resolved.value = applied->sums.emplace_back(FormatNumber(sum));
  resolved.checksum = Hash64(resolved.value);
  return resolved;
}

void MemoryEngine::Put(const KeyView& key, const MutationView& mutation, Applied* applied) {
  CHECK(ValidateKey(key).ok());
  CHECK(mutation.value.size() <= limits::kMaxValueBytes);
  Partition& partition = partitions_.find({key.table, Bytes(key.partition)})->second;
  const auto old = partition.find(Bytes(key.sort));
  CHECK(old == partition.end() || old->second.version <= last_version_, "versions increase");
  if (old != partition.end()) partition.erase(old);
  ++last_version_;
  if (mutation.kind == MutationKind::kPut) {
    partition.emplace(key.sort, Record(RecordView{.version = last_version_,
                                                  .checksum = mutation.checksum,
                                                  .expires_ms = mutation.expires_ms,
                                                  .value = mutation.value}));
  }
  applied->changes.push_back({key.partition_view(), &mutation, last_version_});
}

uint64_t MemoryEngine::Observe(ChangeObserver* observer) {
  const std::lock_guard lock(mutex_);
  CHECK(observer_ == nullptr && writes_ == 0, "observed once, from the start");
  observer_ = observer;
  return last_version_;
}

ReadReply MemoryEngine::ReadAll(const ReadRequest& request) const {
  ReadReply reply;
  size_t value_bytes = 0;
  for (const Key& key : request.keys) {
    const Record* const record = Find(key.view());
    if (record == nullptr) {
      reply.push_back(Status(Code::kNotFound, ""));
      continue;
    }
    const bool first = value_bytes == 0;
    value_bytes += record->value.size();
    const bool fits =
        first || request.max_value_bytes == 0 || value_bytes <= request.max_value_bytes;
    if (!fits) {
      reply.push_back(Status(Code::kTooLarge, ""));
    } else if (!TryTake(request.call.memory, AllocatedBytes(record->value.size() + 1))) {
      reply.push_back(NoMemoryForResult());
    } else {
      reply.push_back(*record);
    }
  }
  return reply;
}

ScanPage MemoryEngine::ScanSome(const ScanRequest& request) const {
  ScanPage page;
  const auto found = partitions_.find({request.table, request.partition});
  if (found == partitions_.end()) return page;
  const Partition& partition = found->second;
  const SortOrder before{InfoOf(request.table).newest_first};
  size_t value_bytes = 0;
  size_t looked_at = 0;
  auto at = request.after.empty() ? partition.lower_bound(request.from)
                                  : partition.upper_bound(request.after);
  for (; at != partition.end(); ++at) {
    if (!request.to.empty() && !before(at->first, request.to)) break;
    if (looked_at++ == records_per_page_) {
      page.more = true;
      page.resume_from = at->first;
      break;
    }
    RecordView record = at->second.view();
    if (record.ExpiredAt(clock_->WallMillis())) continue;
    if (request.keys_only) record.value = {};
    value_bytes += record.value.size();
    page.more =
        page.size() == request.limit || (page.size() > 0 && value_bytes > request.max_value_bytes);
    page.more = page.more || !TryTake(request.call.memory, ScanPage::EntryBytes(at->first, record));
    if (page.more) break;
    page.Add(at->first, record);
  }
  return page;
}

ListPage MemoryEngine::ListSome(const ListRequest& request) const {
  ListPage page;
  size_t looked_at = 0;
  const ListPlace begin = request.from.value_or(ListPlace());
  for (auto at = request.from.has_value()
                     ? partitions_.lower_bound({request.table, begin.partition})
                     : partitions_.upper_bound({request.table, request.after});
       at != partitions_.end() && at->first.first == request.table; ++at) {
    const auto& [id, records] = *at;
    const int64_t now = clock_->WallMillis();
    for (auto record = id.second == begin.partition ? records.lower_bound(begin.sort)
                                                    : records.begin();
         record != records.end(); ++record) {
      if (looked_at++ == records_per_page_) {
        page.more = true;
        page.resume_from = ListPlace{id.second, record->first};
        return page;
      }
      if (record->second.view().ExpiredAt(now)) continue;
      page.more =
          page.partitions.size() == request.limit ||
          !TryTake(request.call.memory, sizeof(Bytes) + AllocatedBytes(id.second.size() + 1));
      if (page.more) return page;
      page.partitions.push_back(id.second);
      break;
    }
  }
  return page;
}

void MemoryEngine::Answer(std::function<void()> answer) {
  {
    const std::lock_guard lock(mutex_);
    if (answers_ == Answers::kOnThread && !closed_) {
      waiting_answers_.push_back(std::move(answer));
      changed_.notify_one();
      return;
    }
  }
  answer();
}

void MemoryEngine::RunAnswers() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !waiting_answers_.empty() || closed_; });
    if (waiting_answers_.empty()) return;
    const std::function<void()> answer = std::move(waiting_answers_.front());
    waiting_answers_.pop_front();
    lock.unlock();
    answer();
    lock.lock();
  }
}

}  // namespace smile
