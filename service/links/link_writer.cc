#include "service/links/link_writer.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace smile {

LinkWriter::LinkWriter(Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {
  CHECK(engine.can_write_together(), "both sides of a link are one write");
}

LinkWriter::~LinkWriter() {
  CHECK(queues_.empty(), "changes are answered before their service goes");
}

// --- Queues --------------------------------------------------------------------------------------

void LinkWriter::Submit(LinkChange change, Done done) {
  CHECK(change.side.user != change.side.other, "the service checks it");
  auto waiting = std::make_shared<Waiting>(Waiting{std::move(change), std::move(done)});
  std::vector<Batch> batches;
  {
    const std::lock_guard lock(mutex_);
    queues_[waiting->change.side.user].waiting.push_back(waiting);
    queues_[waiting->change.side.other].waiting.push_back(waiting);
    if (IsNext(*waiting)) batches.push_back(TakeBatch(*waiting));
  }
  RunInTurn(this, std::move(batches));
}

// Whether nobody is changing the links of its users, and it is the first that waits for both.
bool LinkWriter::IsNext(const Waiting& waiting) {
  for (const uint64_t user : {waiting.change.side.user, waiting.change.side.other}) {
    const Queue& queue = queues_.at(user);
    if (queue.batch != 0 || queue.waiting.front().get() != &waiting) return false;
  }
  return true;
}

// The change `first`, which is next, and those after it that can be written with it: each has a
// user in common with one before it, and is the first that waits for both of its users.
LinkWriter::Batch LinkWriter::TakeBatch(const Waiting& first) {
  const uint64_t id = ++last_batch_;
  Batch batch;
  std::vector<uint64_t> users;
  size_t value_bytes = 0;
  const auto join = [&](uint64_t user, Queue* queue) {
    if (queue->batch == 0) users.push_back(user);
    queue->batch = id;
    queue->waiting.pop_front();
  };
  const auto may_take = [&](const Waiting& next) {
    size_t new_users = 0;
    for (const uint64_t user : {next.change.side.user, next.change.side.other}) {
      const Queue& queue = queues_.at(user);
      if (queue.batch != 0 && queue.batch != id) return false;
      if (queue.waiting.front().get() != &next) return false;
      new_users += queue.batch == 0;
    }
    return batch.empty() ||
           (batch.size() < limits::kMaxLinksTogether &&
            users.size() + new_users <= limits::kMaxWritesTogether &&
            value_bytes + next.change.value.size() <= limits::kMaxLinkBytesTogether);
  };
  const auto take = [&](const Waiting& next) {
    value_bytes += next.change.value.size();
    const LinkSide side = next.change.side;
    batch.push_back(queues_.at(side.user).waiting.front());
    join(side.user, &queues_.at(side.user));
    join(side.other, &queues_.at(side.other));
  };
  CHECK(may_take(first));
  take(first);
  for (size_t i = 0; i < users.size(); ++i) {
    const Queue& queue = queues_.at(users[i]);
    while (!queue.waiting.empty() && may_take(*queue.waiting.front())) take(*queue.waiting.front());
  }
  return batch;
}

// Returns those that are next.
std::vector<LinkWriter::Batch> LinkWriter::Release(const Batch& batch) {
  std::vector<uint64_t> users;
  for (const auto& done : batch) {
    for (const uint64_t user : {done->change.side.user, done->change.side.other}) {
      Queue& queue = queues_.at(user);
      if (queue.batch == 0) continue;
      queue.batch = 0;
      users.push_back(user);
    }
  }
  std::vector<Batch> batches;
  for (const uint64_t user : users) {
    const auto queue = queues_.find(user);
    if (queue->second.batch != 0) continue;
    if (queue->second.waiting.empty()) {
      queues_.erase(queue);
      continue;
    }
    const std::shared_ptr<Waiting> next = queue->second.waiting.front();
    if (IsNext(*next)) batches.push_back(TakeBatch(*next));
  }
  return batches;
}

// A batch that ends at once runs others, which do not nest.
void LinkWriter::RunInTurn(LinkWriter* writer, std::vector<Batch> batches) {
  using InTurn = std::deque<std::pair<LinkWriter*, Batch>>;
  thread_local InTurn* in_turn = nullptr;
  InTurn own;
  InTurn& queue = in_turn == nullptr ? own : *in_turn;
  for (Batch& batch : batches) queue.emplace_back(writer, std::move(batch));
  if (in_turn != nullptr) return;
  in_turn = &own;
  while (!own.empty()) {
    auto [next, batch] = std::move(own.front());
    own.pop_front();
    (void)next->Run(std::move(batch));
  }
  in_turn = nullptr;
}

// --- Batches -------------------------------------------------------------------------------------

Task<void> LinkWriter::Run(Batch batch) {
  std::vector<Result<LinkChanged>> results;
  Status status = co_await Apply(batch, &results);
  // Alone, a change that frees space may be accepted.
  if (status.code() == Code::kNoSpace && batch.size() > 1) co_await ApplyEach(batch, &results);
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

Task<void> LinkWriter::ApplyEach(Batch batch, std::vector<Result<LinkChanged>>* results) {
  for (size_t i = 0; i < batch.size(); ++i) {
    std::vector<Result<LinkChanged>> result;
    (void)co_await Apply(Batch(1, batch[i]), &result);
    (*results)[i] = std::move(result.front());
  }
}

// One result for each change. The status is that of the write, or why there was none.
Task<Status> LinkWriter::Apply(Batch batch, std::vector<Result<LinkChanged>>* results) {
  LinkState state(engine_);
  std::vector<const LinkChange*> changes;
  changes.reserve(batch.size());
  for (const auto& waiting : batch) changes.push_back(&waiting->change);
  if (Status loaded = co_await state.Load(changes); !loaded.ok()) {
    results->assign(batch.size(), loaded);
    co_return loaded;
  }
  const auto now_ms = static_cast<uint64_t>(clock_.WallMillis());
  bool only_unlinks = true;
  results->clear();
  for (const LinkChange* change : changes) {
    if (Status late = MayBegin(change->call, clock_); !late.ok()) {
      results->push_back(std::move(late));
      continue;
    }
    only_unlinks = only_unlinks && change->kind == LinkChange::Kind::kUnlink;
    results->push_back(state.Apply(*change, now_ms));
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
