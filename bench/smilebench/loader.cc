#include "bench/smilebench/loader.h"

#include <algorithm>
#include <utility>

#include "base/coding.h"
#include "base/hash.h"

namespace smile::bench {
namespace {

// So many requests are under way on each connection while records are written for a run.
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
  return std::unique_ptr<Loader>(new Loader(options, index, clock, std::move(loop)));
}

Loader::Loader(const BenchOptions& options, uint32_t index, const Clock* clock,
               std::unique_ptr<EventLoop> loop)
    : options_(options),
      index_(index),
      clock_(clock),
      connection_count_(ShareOf(options.connections, index, options.threads)),
      loop_(std::move(loop)),
      random_(Random(index).Next()) {
  slots_.resize(size_t{connection_count_} * std::max(options_.depth, kPreloadDepth));
  const ClientOptions client = {.server = options_.target, .name = "smilebench"};
  for (uint32_t i = 0; i < connection_count_; ++i) {
    connections_.push_back(std::make_unique<Connection>(loop_.get(), clock_, client));
  }
  loop_->OnTurnEnd([this] {
    for (const auto& connection : connections_) connection->Flush();
  });
  thread_ = std::thread([this] { loop_->Run(); });
}

Loader::~Loader() {
  // Connections belong to the loop's thread.
  loop_->Post([this] {
    loop_->OnTurnEnd(nullptr);
    connections_.clear();
  });
  loop_->Stop();
  thread_.join();
}

uint64_t Loader::preload_operations() const {
  if (options_.workload == WorkloadKind::kPut || index_ >= options_.keys) return 0;
  return (options_.keys - index_ - 1) / options_.threads + 1;
}

std::future<Results> Loader::Begin(const Phase& phase) {
  answered_ = 0;
  auto promise = std::make_shared<std::promise<Results>>();
  std::future<Results> future = promise->get_future();
  loop_->Post([this, phase, promise] { Start(phase, std::move(*promise)); });
  return future;
}

uint32_t Loader::SlotsInUse() const {
  switch (phase_.kind) {
    case Phase::Kind::kConnect:
      return connection_count_;
    case Phase::Kind::kPreload:
      return connection_count_ * std::max(options_.depth, kPreloadDepth);
    case Phase::Kind::kRun:
      break;
  }
  return connection_count_ * options_.depth;
}

void Loader::Start(const Phase& phase, std::promise<Results> promise) {
  phase_ = phase;
  promise_ = std::move(promise);
  results_ = Results();
  taken_ = 0;
  lost_ = false;
  past_end_ = false;
  in_phase_ = true;
  idle_.clear();
  for (uint32_t slot = 0; slot < SlotsInUse(); ++slot) idle_.push_back(slot);
  const int64_t now = clock_->MonotonicNanos();
  Pump(now);
  FinishIfDone(now);
}

void Loader::SendDue() {
  if (send_due_posted_.exchange(true)) return;  // once is enough
  loop_->Post([this] {
    send_due_posted_ = false;
    if (!in_phase_) return;
    const int64_t now = clock_->MonotonicNanos();
    Pump(now);
    FinishIfDone(now);
  });
}

// Gives idle slots what there is to do.
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
  // What was due before the end may still be sent once behind it: this loop may have woken late.
  if (*from_nanos > now || *from_nanos >= phase_.end_nanos) return false;
  ++taken_;
  return true;
}

void Loader::FinishIfDone(int64_t now) {
  if (!in_phase_ || in_flight_ > 0) return;
  if (!lost_ && taken_ < phase_.operations && !past_end_) return;
  in_phase_ = false;
  if (phase_.interval_nanos > 0 && !lost_) {
    const int64_t until = std::min(now, phase_.end_nanos);
    const double due = static_cast<double>(until - phase_.start_nanos) / phase_.interval_nanos;
    const uint64_t wanted = std::min(phase_.operations, static_cast<uint64_t>(std::max(due, 0.0)));
    results_.never_sent = wanted > taken_ ? wanted - taken_ : 0;
  }
  results_.lost = lost_;
  results_.seconds = static_cast<double>(now - phase_.start_nanos) / 1e9;
  promise_.set_value(std::move(results_));
}

void Loader::Issue(uint32_t slot, int64_t from_nanos) {
  slots_[slot].from_nanos = from_nanos;
  ++in_flight_;
  if (phase_.kind == Phase::Kind::kConnect) return IssuePing(slot);
  if (phase_.kind == Phase::Kind::kPreload) {
    return IssuePut(slot, (taken_ - 1) * options_.threads + index_);
  }
  switch (options_.workload) {
    case WorkloadKind::kGet:
      return IssueGet(slot, random_.Below(options_.keys));
    case WorkloadKind::kPut:
      return IssuePut(slot, random_.Below(options_.keys));
    case WorkloadKind::kMixed:
      if (random_.Below(100) < kMixedReadPercent) {
        return IssueGet(slot, random_.Below(options_.keys));
      }
      return IssuePut(slot, random_.Below(options_.keys));
    case WorkloadKind::kScan:
      return IssueScan(slot, random_.Below(ScanPartitions(options_.keys)));
  }
}

void Loader::IssuePing(uint32_t slot) {
  Call<op::Ping>(slot, {});
}

void Loader::IssueGet(uint32_t slot, uint64_t number) {
  slots_[slot].number = number;
  const Key key = KeyOf(options_.workload, number);
  Call<op::Get>(slot, {.key = key.view()});
}

void Loader::IssuePut(uint32_t slot, uint64_t number) {
  slots_[slot].number = number;
  const Key key = KeyOf(options_.workload, number);
  MakeValue(number, ++generation_, options_.value_bytes, &value_);
  op::Put::Request request;
  request.key = key.view();
  request.checksum = Hash64(value_);
  request.value = value_;
  Call<op::Put>(slot, request);
}

void Loader::IssueScan(uint32_t slot, uint64_t partition) {
  slots_[slot].number = partition;
  const Key key = KeyOf(options_.workload, partition * kRecordsPerScan);
  op::Scan::Request request;
  request.partition = key.view().partition_view();
  request.limit = kRecordsPerScan;
  Call<op::Scan>(slot, request);
}

template <class Row>
void Loader::Call(uint32_t slot, const typename Row::Request& request) {
  // Refusals are to be seen, so nothing is sent twice.
  const CallOptions once = {.retry = false};
  connections_[slot % connection_count_]->Call<Row>(
      request, once, [this, slot](const Answer<Row>& answer) {
        const bool right = answer.ok() && IsRight(slots_[slot], *answer);
        Answered(slot, Row::kInfo.effect, answer.status(), right);
      });
}

bool Loader::IsRight(const Slot& slot, const op::Get::Response& response) {
  return IsValueOf(slot.number, options_.value_bytes, response.record, &scratch_);
}

bool Loader::IsRight(const Slot& slot, const op::Scan::Response& response) {
  const uint32_t wanted = RecordsIn(slot.number, options_.keys);
  // Large values may end an answer early.
  const bool cut_short = !response.continuation.empty() && !response.entries.empty();
  if (response.entries.size() != wanted && !cut_short) return false;
  uint64_t next = wanted;  // posts come with the newest first
  return std::all_of(response.entries.begin(), response.entries.end(),
                     [&](const op::ScanEntry& entry) {
                       if (next == 0 || entry.sort.size() != sizeof(uint64_t)) return false;
                       if (LoadBig<uint64_t>(entry.sort.data()) != --next) return false;
                       return IsValueOf(slot.number * kRecordsPerScan + next, options_.value_bytes,
                                        entry.record, &scratch_);
                     });
}

void Loader::Answered(uint32_t slot, Effect effect, const Status& status, bool right) {
  const int64_t now = clock_->MonotonicNanos();
  --in_flight_;
  if (!status.ok()) {
    ++results_.errors[status.code()];
    if (results_.first_error.ok()) results_.first_error = status;
    lost_ = lost_ || IsLoss(status.code());
  } else if (!right) {
    ++results_.wrong_values;
  } else {
    Histogram& latencies = effect == Effect::kWrite ? results_.writes : results_.reads;
    latencies.Add(now - slots_[slot].from_nanos);
  }
  answered_.store(answered_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  idle_.push_back(slot);
  Pump(now);
  FinishIfDone(now);
}

}  // namespace smile::bench
