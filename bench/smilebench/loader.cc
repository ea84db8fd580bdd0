#include "bench/smilebench/loader.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "bench/smilebench/workload.h"

namespace smile::bench {
namespace {

// Requests in flight per connection while the records of a run are written.
constexpr uint32_t kPreloadDepth = 64;

uint32_t ShareOf(uint32_t total, uint32_t index, uint32_t parts) {
  return total / parts + (index < total % parts ? 1 : 0);
}

bool IsLoss(Code code) {
  return code == Code::kUnavailable || code == Code::kOutcomeUnknown;
}

}  // namespace

Result<std::unique_ptr<Loader>> Loader::Create(const BenchOptions& options, uint32_t index,
                                               const Clock* clock) {
  SMILE_ASSIGN(std::unique_ptr<EventLoop> loop, EventLoop::Create());
  std::unique_ptr<Loader> loader(new Loader(options, index, clock, std::move(loop)));
  const DriverParts parts = {.loop = loader->loop_.get(), .clock = clock, .events = loader.get()};
  SMILE_ASSIGN(loader->driver_,
               MakeDriver(options, parts, loader->connection_count_, loader->idle_connections_));
  loader->thread_ = std::thread([raw = loader.get()] { raw->loop_->Run(); });
  return loader;
}

Loader::Loader(const BenchOptions& options, uint32_t index, const Clock* clock,
               std::unique_ptr<EventLoop> loop)
    : options_(options),
      index_(index),
      clock_(clock),
      connection_count_(ShareOf(options.connections, index, options.threads)),
      idle_connections_(ShareOf(options.idle_connections, index, options.threads)),
      loop_(std::move(loop)),
      generator_(options, index),
      photos_(InfoOf(options.workload).photos ? std::make_unique<Photos>() : nullptr),
      verifier_(InfoOf(options.workload).posts_per_author, options.value_bytes, photos_.get()) {
  const size_t slots = size_t{connection_count_} * PreloadDepth();
  slots_.resize(std::max<size_t>(slots, connections()));
  if (InfoOf(options_.workload).reads == ReadKind::kMGet) {
    mget_numbers_.resize(slots_.size() * kKeysPerMGet);
  }
  loop_->OnTurnEnd([this] { driver_->Flush(); });
}

Loader::~Loader() {
  if (!thread_.joinable()) return;
  // Connections belong to the loop's thread.
  loop_->Post([this] {
    loop_->OnTurnEnd(nullptr);
    driver_.reset();
  });
  loop_->Stop();
  thread_.join();
}

uint64_t Loader::preload_operations() const {
  const WorkloadKind workload = options_.workload;
  if (workload == WorkloadKind::kPut || workload == WorkloadKind::kPhotoPut ||
      workload == WorkloadKind::kAdd) {
    return 0;
  }
  if (options_.preloaded) return 0;
  if (index_ >= options_.keys) return 0;
  return (options_.keys - index_ - 1) / options_.threads + 1;
}

std::future<Results> Loader::Begin(const Phase& phase) {
  answered_ = 0;
  auto promise = std::make_shared<std::promise<Results>>();
  std::future<Results> future = promise->get_future();
  loop_->Post([this, phase, promise] { Begin(phase, std::move(*promise)); });
  return future;
}

uint32_t Loader::SlotsInUse() const {
  switch (phase_.kind) {
    case Phase::Kind::kConnect:
      return connections();
    case Phase::Kind::kPreload:
      return connection_count_ * PreloadDepth();
    case Phase::Kind::kRun:
      break;
  }
  return connection_count_ * options_.depth;
}

uint32_t Loader::PreloadDepth() const {
  if (photos_ != nullptr) return options_.depth;  // more would take much memory
  return std::max(options_.depth, kPreloadDepth);
}

// Slots are dealt to the connections in turn; when all connect, idle ones have one too.
uint32_t Loader::ConnectionOf(uint32_t slot) const {
  return phase_.kind == Phase::Kind::kConnect ? slot : slot % connection_count_;
}

void Loader::Begin(const Phase& phase, std::promise<Results> promise) {
  phase_ = phase;
  promise_ = std::move(promise);
  results_ = Results();
  taken_ = 0;
  lost_ = false;
  past_end_ = false;
  CHECK(!in_phase_ && !cut_ && in_flight_ == 0);
  in_phase_ = true;
  idle_.clear();
  for (uint32_t slot = 0; slot < SlotsInUse(); ++slot) idle_.push_back(slot);
  const int64_t now = clock_->MonotonicNanos();
  last_answer_nanos_ = now;
  storage_cpu_at_begin_ = driver_->StorageCpuSeconds();
  Pump(now);
  FinishIfDone(now);
}

void Loader::Cut() {
  loop_->Post([this] {
    if (!in_phase_) return;
    const int64_t now = clock_->MonotonicNanos();
    for (Slot& slot : slots_) {
      if (!slot.in_flight) continue;
      slot.in_flight = false;
      --in_flight_;
      ++results_.unanswered.in_flight;
      LatenciesOf(slot).Add(now - slot.from_nanos);
    }
    CHECK(in_flight_ == 0);
    cut_ = true;
    Finish(now);
  });
}

void Loader::SendDue() {
  if (send_due_posted_.exchange(true)) return;  // one that is posted sends all
  loop_->Post([this] {
    send_due_posted_ = false;
    if (!in_phase_) return;
    const int64_t now = clock_->MonotonicNanos();
    Pump(now);
    FinishIfDone(now);
  });
}

// Starts operations on idle slots.
void Loader::Pump(int64_t now) {
  int64_t from_nanos = 0;
  while (!idle_.empty() && TakeOperation(now, &from_nanos)) {
    const uint32_t slot = idle_.front();
    idle_.pop_front();
    Issue(slot, from_nanos);
  }
  past_end_ = past_end_ || now >= phase_.end_nanos;
}

// False if nothing is to be sent now.
bool Loader::TakeOperation(int64_t now, int64_t* from_nanos) {
  if (lost_ || past_end_ || taken_ >= phase_.operations) return false;
  *from_nanos = now;
  if (phase_.interval_nanos > 0) {
    const double since_start = static_cast<double>(taken_) * phase_.interval_nanos;
    *from_nanos = phase_.start_nanos + static_cast<int64_t>(since_start);
  }
  // What was due before the end may still be sent once after it: this loop may have woken late.
  if (*from_nanos > now || *from_nanos >= phase_.end_nanos) return false;
  ++taken_;
  return true;
}

void Loader::FinishIfDone(int64_t now) {
  if (!in_phase_ || in_flight_ > 0) return;
  if (!lost_ && taken_ < phase_.operations && !past_end_) return;
  Finish(now);
}

void Loader::Finish(int64_t now) {
  CHECK(in_phase_ && in_flight_ == 0);
  in_phase_ = false;
  CountNeverSent(now);
  const double storage_cpu = driver_->StorageCpuSeconds();
  if (storage_cpu >= 0) results_.server_cpu_seconds = storage_cpu - storage_cpu_at_begin_;
  results_.lost = lost_;
  results_.seconds = static_cast<double>(now - phase_.start_nanos) / 1e9;
  promise_.set_value(std::move(results_));
}

// In an open loop: the operations that were due and that no slot was free for. Whether such a one
// would have been a read was never decided, so they are divided as the workload divides.
void Loader::CountNeverSent(int64_t now) {
  if (phase_.interval_nanos <= 0) return;
  const int64_t until = std::min(now, phase_.end_nanos);
  const double due =
      std::ceil(static_cast<double>(until - phase_.start_nanos) / phase_.interval_nanos);
  const uint64_t wanted = std::min(phase_.operations, static_cast<uint64_t>(std::max(due, 0.0)));
  if (wanted <= taken_) return;
  const uint64_t never_sent = wanted - taken_;
  const auto waited = [&](uint64_t operation) {
    return now - phase_.start_nanos -
           static_cast<int64_t>(static_cast<double>(operation) * phase_.interval_nanos);
  };
  const double read_share = InfoOf(options_.workload).read_percent / 100.0;
  const auto reads =
      static_cast<uint64_t>(std::llround(static_cast<double>(never_sent) * read_share));
  results_.unanswered.never_sent += never_sent;
  results_.reads.AddEvenly(waited(wanted - 1), waited(taken_), reads);
  results_.writes.AddEvenly(waited(wanted - 1), waited(taken_), never_sent - reads);
}

void Loader::Issue(uint32_t slot, int64_t from_nanos) {
  Slot& each = slots_[slot];
  CHECK(!each.in_flight);
  each.from_nanos = from_nanos;
  each.in_flight = true;
  ++in_flight_;
  switch (phase_.kind) {
    case Phase::Kind::kConnect:
      each.choice = {.kind = OperationKind::kPing};
      break;
    case Phase::Kind::kPreload:
      each.choice = {.kind = OperationKind::kPut,
                     .number = options_.first + InfoOf(options_.workload).first_number() +
                               (taken_ - 1) * options_.threads + index_};
      break;
    case Phase::Kind::kRun:
      each.choice = generator_.Next(NumbersOf(slot));
      break;
  }
  Start(slot);
}

std::span<uint64_t> Loader::NumbersOf(uint32_t slot) {
  if (mget_numbers_.empty()) return {};
  return std::span(mget_numbers_).subspan(size_t{slot} * kKeysPerMGet, kKeysPerMGet);
}

Operation Loader::OperationOf(uint32_t slot) {
  const Generator::Choice& choice = slots_[slot].choice;
  Operation operation{.kind = choice.kind, .number = choice.number, .limit = choice.limit};
  if (choice.kind == OperationKind::kMGet) operation.numbers = NumbersOf(slot);
  if (choice.kind == OperationKind::kScan) {
    const WorkloadInfo& info = InfoOf(options_.workload);
    const uint64_t author = choice.number - info.first_author;
    operation.newest = PostsOf(info.posts_per_author, author, options_.keys) - 1;
  }
  return operation;
}

void Loader::Start(uint32_t slot) {
  Operation operation = OperationOf(slot);
  if (operation.kind == OperationKind::kPut) {
    if (photos_ != nullptr) {
      photos_->Make(operation.number, &value_);
    } else {
      MakeValue(operation.number, ++generation_, options_.value_bytes, &value_);
    }
    operation.value = value_;
  }
  driver_->Start(ConnectionOf(slot), slot, operation);
}

void Loader::OnAnswer(uint32_t slot, const Status& status, const Found& found) {
  if (cut_) return;
  const int64_t now = clock_->MonotonicNanos();
  Slot& each = slots_[slot];
  CHECK(in_phase_ && each.in_flight, "one answer per operation");
  results_.longest_stall_nanos = std::max(results_.longest_stall_nanos, now - last_answer_nanos_);
  last_answer_nanos_ = now;
  const bool right = status.ok() && verifier_.IsRight(OperationOf(slot), found);
  if (right && each.choice.then_put) {
    each.choice.then_put = false;
    each.choice.kind = OperationKind::kPut;
    return Start(slot);
  }
  each.in_flight = false;
  --in_flight_;
  Count(each, status, right, now);
  answered_.store(answered_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  idle_.push_back(slot);
  Pump(now);
  FinishIfDone(now);
}

void Loader::Count(const Slot& slot, const Status& status, bool right, int64_t now) {
  if (!status.ok()) {
    ++results_.errors[status.code()];
    if (results_.first_error.ok()) results_.first_error = status;
    lost_ = lost_ || IsLoss(status.code());
    const bool timed_out = status.code() == Code::kDeadlineExceeded;
    if (!timed_out && !IsLoss(status.code())) return;  // it was answered
    ++(timed_out ? results_.unanswered.timed_out : results_.unanswered.lost);
    LatenciesOf(slot).Add(now - slot.from_nanos);
    return;
  }
  if (!right) {
    ++results_.wrong_values;
    return;
  }
  if (slot.choice.kind == OperationKind::kPut) generator_.WasPut(slot.choice.number);
  ++results_.operations;
  if (photos_ != nullptr) results_.photo_bytes += Photos::SizeOf(slot.choice.number);
  LatenciesOf(slot).Add(now - slot.from_nanos);
}

// A read-modify-write is a write from its first request on.
Histogram& Loader::LatenciesOf(const Slot& slot) {
  const bool writes = slot.choice.kind == OperationKind::kPut || slot.choice.then_put;
  return writes ? results_.writes : results_.reads;
}

}  // namespace smile::bench
