#include "service/links/link_writer.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace smile {

// Also on a full disk: two heads, with their keys and the rest of a request.
static_assert(2 * kMaxCompactHeadBytes + 1024 <= limits::kMaxFreeingBytes, "a link can be removed");

LinkWriter::LinkWriter(Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {
  CHECK(engine.can_write_together(), "both sides of a link are one write");
}

LinkWriter::~LinkWriter() {
  CHECK(queues_.empty(), "changes are answered before their service goes");
}

// --- Queues --------------------------------------------------------------------------------------

void LinkWriter::Queue::Push(std::shared_ptr<Waiting> waiting) {
  waiting_.push_back(std::move(waiting));
}

// What is before the first is erased when it is most of the memory.
void LinkWriter::Queue::Pop() {
  CHECK(!empty());
  waiting_[first_++].reset();
  if (2 * first_ < waiting_.size()) return;
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

void LinkWriter::Submit(LinkChange change, Done done) {
  CHECK(change.side.user != change.side.other, "the service checks it");
  const LinkSide side = change.side;
  auto waiting = std::make_shared<Waiting>(Waiting{std::move(change), std::move(done), {}});
  std::vector<Batch> batches;
  {
    const std::lock_guard lock(mutex_);
    waiting->queues = {&queues_[side.user], &queues_[side.other]};  // which stay where they are
    for (Queue* queue : waiting->queues) queue->Push(waiting);
    if (IsNext(*waiting)) batches.push_back(TakeBatch(*waiting));
  }
  RunInTurn(this, std::move(batches));
}

// Whether nobody is changing the links of its users, and it is the first that waits for both.
bool LinkWriter::IsNext(const Waiting& waiting) {
  return std::all_of(waiting.queues.begin(), waiting.queues.end(), [&](const Queue* queue) {
    return queue->batch == 0 && queue->first().get() == &waiting;
  });
}

// The change `first`, which is next, and those after it that can be written with it: each has a
// user in common with one before it, and is the first that waits for both of its users.
LinkWriter::Batch LinkWriter::TakeBatch(const Waiting& first) {
  const uint64_t id = ++last_batch_;
  Batch batch;
  std::vector<Queue*> queues;
  size_t value_bytes = 0;
  const auto may_take = [&](const Waiting& next) {
    size_t new_users = 0;
    for (const Queue* queue : next.queues) {
      if (queue->batch != 0 && queue->batch != id) return false;
      if (queue->first().get() != &next) return false;
      new_users += queue->batch == 0;
    }
    return batch.empty() ||
           (batch.size() < limits::kMaxLinksTogether &&
            queues.size() + new_users <= limits::kMaxWritesTogether &&
            value_bytes + next.change.value.size() <= limits::kMaxLinkBytesTogether);
  };
  const auto take = [&](const Waiting& next) {
    value_bytes += next.change.value.size();
    const std::array<Queue*, 2> of = next.queues;
    batch.push_back(of[0]->first());
    for (Queue* queue : of) {
      if (queue->batch == 0) queues.push_back(queue);
      queue->batch = id;
      queue->Pop();
    }
  };
  CHECK(may_take(first));
  take(first);
  for (size_t i = 0; i < queues.size(); ++i) {
    const Queue& queue = *queues[i];
    while (!queue.empty() && may_take(*queue.first())) take(*queue.first());
  }
  return batch;
}

// Returns those that are next.
std::vector<LinkWriter::Batch> LinkWriter::Release(const Batch& batch) {
  std::vector<std::pair<uint64_t, Queue*>> queues;
  for (const auto& done : batch) {
    const LinkSide& side = done->change.side;
    for (const auto& [user, queue] :
         {std::pair(side.user, done->queues[0]), std::pair(side.other, done->queues[1])}) {
      if (queue->batch == 0) continue;
      queue->batch = 0;
      queues.emplace_back(user, queue);
    }
  }
  std::vector<Batch> batches;
  for (const auto& [user, queue] : queues) {
    if (queue->batch != 0) continue;
    if (queue->empty()) {
      queues_.erase(user);
      continue;
    }
    const std::shared_ptr<Waiting> next = queue->first();
    if (IsNext(*next)) batches.push_back(TakeBatch(*next));
  }
  return batches;
}

// A batch that ends at once runs others, which do not nest.
void LinkWriter::RunInTurn(LinkWriter* writer, std::vector<Batch> batches) {
  if (batches.empty()) return;
  using InTurn = std::vector<std::pair<LinkWriter*, Batch>>;
  thread_local InTurn* in_turn = nullptr;
  InTurn own;
  InTurn& turns = in_turn == nullptr ? own : *in_turn;
  for (Batch& batch : batches) turns.emplace_back(writer, std::move(batch));
  if (in_turn != nullptr) return;
  in_turn = &own;
  for (size_t i = 0; i < own.size(); ++i) {
    auto [next, batch] = std::move(own[i]);  // running it may add others
    (void)next->Run(std::move(batch));
  }
  in_turn = nullptr;
}

// --- Batches -------------------------------------------------------------------------------------

Task<void> LinkWriter::Run(Batch batch) {
  Results results;
  while (results.size() < batch.size()) {
    const Changes rest = Changes(batch).subspan(results.size());
    Results some;
    const Status status = co_await Apply(rest, &some);
    // Alone, a change that frees space may be accepted.
    if (status.code() == Code::kNoSpace && some.size() > 1) {
      co_await ApplyEach(rest.first(some.size()), &some);
    }
    std::move(some.begin(), some.end(), std::back_inserter(results));
  }
  std::vector<Batch> next;
  {
    const std::lock_guard lock(mutex_);
    next = Release(batch);
  }
  // From here on, this object may go as soon as the last change is answered.
  LinkWriter* const writer = next.empty() ? nullptr : this;
  for (size_t i = 0; i < batch.size(); ++i) batch[i]->done(std::move(results[i]));
  if (writer != nullptr) RunInTurn(writer, std::move(next));
}

Task<void> LinkWriter::ApplyEach(Changes changes, Results* results) {
  for (size_t i = 0; i < changes.size(); ++i) {
    Results result;
    (void)co_await Apply(changes.subspan(i, 1), &result);
    (*results)[i] = std::move(result.front());
  }
}

// One result for each of the first changes: as many as are one write, or all if nothing can be
// read. The status is that of the write, or why there was none.
Task<Status> LinkWriter::Apply(Changes batch, Results* results) {
  LinkState state(engine_);
  std::vector<const LinkChange*> changes;
  changes.reserve(batch.size());
  for (const auto& waiting : batch) changes.push_back(&waiting->change);
  if (!LoadNowFor(changes, &state)) {
    if (Status loaded = co_await LoadFor(changes, &state); !loaded.ok()) {
      results->assign(batch.size(), loaded);
      co_return loaded;
    }
  }
  const auto now_ms = static_cast<uint64_t>(clock_.WallMillis());
  bool only_unlinks = true;
  for (const LinkChange* change : changes) {
    if (!state.HasRoom()) break;
    if (Status late = MayBegin(change->call, clock_); !late.ok()) {
      results->push_back(std::move(late));
      continue;
    }
    only_unlinks = only_unlinks && change->kind == LinkChange::Kind::kUnlink;
    results->push_back(ApplyChange(*change, now_ms, &state));
  }
  std::optional<WriteRequest> request = state.ToWrite(changes.front()->call.source);
  if (!request) co_return Status();
  if (only_unlinks && request->bytes() <= limits::kMaxFreeingBytes) request->SetFreesSpace();
  const WriteReply written = co_await engine_.Write(std::move(*request));
  if (written.status.ok()) co_return Status();
  // Also of those that met what others of the batch would have changed.
  for (Result<LinkChanged>& result : *results) {
    if (result.status().code() != Code::kDeadlineExceeded) result = written.status;
  }
  co_return written.status;
}

}  // namespace smile
