// Session, continued: a request from its frame until its work has started.
#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "protocol/dispatch.h"
#include "protocol/partitions.h"
#include "server/request_bounds.h"
#include "server/session.h"

namespace smile {
namespace {

template <class Row>
std::vector<uint64_t> PartitionsOf(const typename Row::Request& request) {
  std::vector<uint64_t> partitions;
  ForEachPartition<Row>(
      request, [&](const PartitionView& partition) { partitions.push_back(HashOf(partition)); });
  std::sort(partitions.begin(), partitions.end());
  partitions.erase(std::unique(partitions.begin(), partitions.end()), partitions.end());
  return partitions;
}

// Executed by the session itself, not by handlers; none of them waits for partitions.
template <class Row>
constexpr bool kIsOfSession = std::is_same_v<Row, op::Hello> || std::is_same_v<Row, op::Watch> ||
                              std::is_same_v<Row, op::Cancel>;

// Reads of what may be long, which keep no order.
template <class Row>
constexpr bool kIsBulk = std::is_same_v<Row, op::MediaRead>;

}  // namespace

void Session::HandleFrame(const Frame& frame) {
  CHECK(!ending_, "nothing is accepted after the end");
  if (frame.header.flags != 0) {
    return Break({Code::kProtocolError, "flags of a request are set; there are none in version 1"});
  }
  if (!greeted_) return HandleHello(frame);
  if (draining_) return Reject(frame.header.id, {Code::kShuttingDown, "the server is stopping"});
  shared_.metrics.requests[frame.header.code].Add(1);
  const auto take = [&]<class Row>(Row, typename Row::Request& request) {
    if constexpr (std::is_same_v<Row, op::Hello>) {
      Reject(frame.header.id, {Code::kInvalid, "HELLO was already sent on this connection"});
    } else if constexpr (std::is_same_v<Row, op::Watch>) {
      HandleWatch(frame.header.id, request);
    } else if constexpr (std::is_same_v<Row, op::Cancel>) {
      HandleCancel(frame.header.id, request);
    } else {
      Take<Row>(frame, request);
    }
  };
  const Status status = Dispatch<Operations>(frame.header.code, frame.body, take);
  if (!status.ok()) Reject(frame.header.id, status);
}

// An id is not used again before its request is answered.
bool Session::RejectIfInFlight(uint32_t id) {
  const bool is_watch = watches_ != nullptr && watches_->Contains(id);
  if (!is_watch && (open_.empty() || !open_.contains(id))) return false;
  Reject(id, {Code::kInvalid, fmt::format("id {} is in use by a request in flight", id)});
  return true;
}

// Whether nothing is in flight on any of its partitions.
template <class Row>
bool Session::IsFree(const typename Row::Request& request) const {
  bool free = true;
  if (order_.empty()) return free;
  ForEachPartition<Row>(request, [&](const PartitionView& partition) {
    free = free && order_.IsFree(HashOf(partition));
  });
  return free;
}

template <class Row>
void Session::Take(const Frame& frame, const typename Row::Request& request) {
  const uint32_t id = frame.header.id;
  if (RejectIfInFlight(id)) return;
  if (Status status = shared_.handlers.Check(Row{}, request); !status.ok()) {
    return Reject(id, status);
  }
  const int64_t deadline_nanos = DeadlineOf(frame);
  if (deadline_nanos != 0 && work_nanos_ >= deadline_nanos) {
    return Reject(
        id, {Code::kDeadlineExceeded, "the deadline passed while the request waited to be read"});
  }
  KnownResults known;
  if (IsFree<Row>(request)) {
    Reply reply(id, max_reply_bytes_, account_.get(), output_.replies());
    if (shared_.handlers.TryNow(Row{}, request, &reply, &known)) return CountReply(reply);
  }
  Enter<Row>(frame, request, std::move(known));
}

// Accepts a request that could not be answered at once.
template <class Row>
void Session::Enter(const Frame& frame, const typename Row::Request& request, KnownResults known) {
  Open* const open = OpenRequest(frame);
  const auto access = Row::kInfo.effect == Effect::kWrite ? PartitionOrder::Access::kWrite
                                                          : PartitionOrder::Access::kRead;
  open->is_bulk = kIsBulk<Row>;
  if (access == PartitionOrder::Access::kRead && !open->is_bulk) {
    open->reply_bytes = ReplyBytesOf<Row>(request);
    open_reply_bytes_ += open->reply_bytes;
  }
  open->memory = MemoryOf<Row>(frame, request);
  open_memory_ += open->memory;
  if (open_memory_ >= taken_.requests + limits::kLeastLargeValueBytes) Account();
  if (!order_.Enter(open, access, PartitionsOf<Row>(request))) {
    open->waiting_body = frame.body;
  } else if (open->is_bulk && (!bulk_.empty() || !MayRunBulk())) {
    open->waiting_body = frame.body;
    bulk_.push_back(open);
  } else {
    Start<Row>(open, request, std::move(known));
  }
}

// --- Of a request of a run -----------------------------------------------------------------------

bool Session::IsFree(const LookupRun::Item& item) const {
  return VisitRequest(item, [&]<class Row>(Row, const typename Row::Request& request) {
    return IsFree<Row>(request);
  });
}

void Session::Take(const LookupRun::Item& item) {
  VisitRequest(item, [&]<class Row>(Row, const typename Row::Request& request) {
    Take<Row>(item.frame, request);
  });
}

void Session::Enter(const LookupRun::Item& item) {
  VisitRequest(item, [&]<class Row>(Row, const typename Row::Request& request) {
    Enter<Row>(item.frame, request, {});
  });
}

// --- Requests in flight --------------------------------------------------------------------------

Session::Open* Session::OpenRequest(const Frame& frame) {
  const auto [at, is_new] = open_.try_emplace(frame.header.id);
  CHECK(is_new, "an id belongs to one request in flight");
  CHECK(open_.size() <= limits::kMaxInFlightRequests, "without room no frame is handled");
  Open* const open = &at->second;
  open->id = frame.header.id;
  open->code = frame.header.code;
  open->deadline_nanos = DeadlineOf(frame);
  open->bytes = frame.bytes.size();
  open_bytes_ += open->bytes;
  shared_.metrics.requests_in_flight.Add(1);
  return open;
}

int64_t Session::DeadlineOf(const Frame& frame) {
  if (frame.header.deadline_ms == 0) return 0;
  return frame.arrived_nanos + frame.header.deadline_ms * kNanosPerMilli;
}

// Executes a request that may run now.
template <class Row>
void Session::Run(Open* open, const typename Row::Request& request) {
  KnownResults known;
  Reply reply(open->id, max_reply_bytes_, account_.get(), OutputOf(open));
  if (shared_.handlers.TryNow(Row{}, request, &reply, &known)) {
    CountReply(reply);
    return Settle(open);
  }
  Start<Row>(open, request, std::move(known));
}

template <class Row>
void Session::Start(Open* open, const typename Row::Request& request, KnownResults known) {
  CHECK(!open->in_engine && open->lanes_not_granted == 0 && !open->finished);
  open->in_engine = true;
  if constexpr (kIsBulk<Row>) {
    open->reply_bytes = ReplyBytesOf<Row>(request);
    bulk_reply_bytes_ += open->reply_bytes;
  }
  if (Row::kInfo.effect != Effect::kWrite) open->caller = std::make_shared<Caller>();
  shared_.handlers.Start(Row{}, request, std::move(known), open->deadline_nanos,
                         Responder(weak_from_this(), reinterpret_cast<uintptr_t>(this),
                                   open->caller != nullptr ? open->caller : caller_, &shared_.post,
                                   &shared_.memory, static_cast<uint32_t>(open->memory), open->id));
}

// Executes requests that waited for others. In a loop, not recursively: each may be answered at
// once and free the next.
void Session::RunFreed() {
  if (running_freed_) return;
  running_freed_ = true;
  for (size_t i = 0; i < freed_.size(); ++i) RunWaiting(freed_[i]);
  freed_.clear();
  running_freed_ = false;
}

// One always runs, or nothing would continue the others.
bool Session::MayRunBulk() const {
  const size_t running = bulk_reply_bytes_ + output_.bulk_bytes();
  return running == 0 || (running < reply_window_.in_flight_bytes() && !OverShare());
}

void Session::RunBulk() {
  while (!bulk_.empty() && MayRunBulk()) {
    Open* const open = bulk_.front();
    bulk_.pop_front();
    RunWaiting(open);
  }
}

void Session::RunWaiting(Open* open) {
  CHECK(!open->in_engine && !open->finished && open->lanes_not_granted == 0);
  CHECK(!open->partitions.empty() || open->is_bulk, "nothing else waits");
  if (open->cancelled) return Finish(open, [](Reply& reply) { FailCancelled(reply); });
  if (open->deadline_nanos != 0 && shared_.clock.MonotonicNanos() >= open->deadline_nanos) {
    const Status late(Code::kDeadlineExceeded,
                      open->is_bulk
                          ? "the deadline passed while the request waited for other pieces"
                          : "the deadline passed while the request waited for its partition");
    return Finish(open, [&late](Reply& reply) { reply.Fail(late); });
  }
  const Bytes body = std::move(open->waiting_body);
  const auto run = [&]<class Row>(Row, typename Row::Request& request) {
    if constexpr (!kIsOfSession<Row>) Run<Row>(open, request);
  };
  const Status status = Dispatch<Operations>(open->code, body, run);
  CHECK(status.ok(), "the body was decoded once already");
}

}  // namespace smile
