// The ends of calls other than by a reply: deadlines, lost connections, the end of the channel.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "client/channel.h"

namespace smile {
namespace {

// The minimum time between two ticks, each of which walks over all calls.
constexpr int64_t kTickNanos = 5 * kNanosPerMilli;

std::string NameOf(const PendingCall& call) {
  return std::string(call.operation().name);
}

Status LostReply(const PendingCall& call, const std::string& why) {
  if (call.writes()) {
    return {Code::kOutcomeUnknown,
            "the " + NameOf(call) + " was sent, but no reply arrived: " + why};
  }
  return {Code::kUnavailable, why};
}

Status OverdueInFlight(const PendingCall& call) {
  const std::string why = "the deadline passed";
  if (call.writes()) return LostReply(call, why);
  return {Code::kDeadlineExceeded, "no reply to the " + NameOf(call) + " before its deadline"};
}

}  // namespace

void Channel::TakeNotAdmitted(std::vector<Ended>* ended) {
  for (auto& call : std::exchange(not_admitted_, {})) {
    ended->push_back({std::move(call), Status(Code::kOverloaded,
                                              "the requests that wait in the client or are "
                                              "in flight exceed max_queued_bytes")});
  }
}

void Channel::Disconnected(const Status& why, bool tries_another) {
  CHECK(!why.ok());
  const bool was_ready = state_ == State::kReady;
  if (state_ == State::kDisconnected) has_replied_ = false;
  state_ = State::kDisconnected;
  last_failure_ = why;
  EndInFlight(why);
  // A server that rejects this client as such will reject it again. One that could not be reached,
  // or did not speak the protocol, may be replaced soon.
  const bool client_rejected =
      !was_ready && why.error_class() == ErrorClass::kNever && why.code() != Code::kProtocolError;
  if (!was_ready && !tries_another) EndUnsent(why, client_rejected);
  if (!held_.empty()) TickBy(0);
}

// Reads are sent again in their order, unless a later write was lost too: they might see it. So are
// writes that may be repeated, unless a later one was lost that may not. Among themselves these
// have no order, or are additions, which come to the same sum in any.
void Channel::EndInFlight(const Status& why) {
  std::vector<Ended> ended;
  std::vector<std::unique_ptr<PendingCall>> again;
  LastOrders lost_writes;
  LastOrders ended_writes;  // those of them that are not sent again
  for (CallSlots::Slot& slot : slots_.all()) {
    bool sent_again = false;
    if (slot.call != nullptr) {
      std::unique_ptr<PendingCall> call = CallSlots::Abandon(&slot);
      sent_again = call->repeatable() && call->retry();
      if (!sent_again) {
        Status status = LostReply(*call, why.message());
        ended.push_back({std::move(call), std::move(status)});
      } else {
        call->maybe_executed = call->writes();
        call->OnInterrupted(why);
        again.push_back(std::move(call));
      }
    }
    lost_writes.Add(slot.partitions, slot.order);
    if (!sent_again) ended_writes.Add(slot.partitions, slot.order);
    EndRejectedBefore(slot.partitions, slot.order);
  }
  slots_.Clear();
  bulk_bytes_ = 0;
  streams_ = 0;
  to_cancel_.clear();
  std::sort(again.begin(), again.end(),
            [](const auto& a, const auto& b) { return a->order < b->order; });
  for (std::unique_ptr<PendingCall>& call : again) {
    CHECK(call->repeatable(), "a write that may have taken effect is not sent again");
    const LastOrders& later = call->writes() ? ended_writes : lost_writes;
    if (later.empty() || !later.AnyAfter(call->Partitions(), call->order)) continue;
    Status status = LostReply(*call, why.message());
    ended.push_back({std::move(call), std::move(status)});
  }
  std::erase(again, nullptr);
  waiting_.AddFirst(std::move(again));
  FinishAll(std::move(ended));
}

// After a failed attempt to connect. The calls end with the server's error, if it sent one: a
// server at its connection limit is overloaded, not unavailable.
void Channel::EndUnsent(const Status& why, bool client_rejected) {
  std::vector<Ended> ended;
  const auto ends = [&](const PendingCall& call) { return client_rejected || !call.retry(); };
  for (auto& call : waiting_.TakeIf(ends)) ended.push_back({std::move(call), why});
  for (HeldCalls::Held& held :
       held_.TakeIf([&](const HeldCalls::Held& held) { return ends(*held.call); })) {
    ended.push_back({std::move(held.call), why});
  }
  FinishAll(std::move(ended));
}

int64_t Channel::StallNanos() const {
  return last_progress_nanos_ + limits::kStalledServerMillis * kNanosPerMilli;
}

Status Channel::Tick(int64_t now) {
  if (now < next_tick_) return {};
  std::vector<Ended> ended;
  int64_t earliest = slots_.in_use() > 0 ? StallNanos() : kNever;
  const bool stalled = earliest <= now;
  const auto overdue = [&](const PendingCall& call) {
    if (call.deadline_nanos() <= now) return true;
    earliest = std::min(earliest, call.deadline_nanos());
    return false;
  };
  for (CallSlots::Slot& slot : slots_.all()) {
    if (slot.call == nullptr || !overdue(*slot.call)) continue;
    CountBulk(*slot.call, /*is_sent=*/false);
    Status status = OverdueInFlight(*slot.call);
    ended.push_back({CallSlots::Abandon(&slot), std::move(status)});
  }
  for (auto& call : waiting_.TakeIf(overdue)) {
    ended.push_back({std::move(call), OverdueBeforeSent()});
  }
  const auto ends = [&](const HeldCalls::Held& held) { return overdue(*held.call); };
  for (HeldCalls::Held& held : held_.TakeIf(ends)) {
    ended.push_back({std::move(held.call), OverdueBeforeSent()});
  }
  if (!held_.empty()) {
    waiting_.AddFirst(held_.Release(now, slots_.Orders()));
    earliest = std::min(earliest, held_.NextTime(now));
  }
  next_tick_ = earliest == kNever ? kNever : std::max(earliest, now + kTickNanos);
  CHECK(next_tick_ > now, "a tick does not follow itself at once");
  FinishAll(std::move(ended));
  if (!stalled) return {};
  return {Code::kUnavailable, "the server has requests to answer and has stalled"};
}

void Channel::EndAll(const Status& why) {
  CHECK(!why.ok());
  state_ = State::kDisconnected;
  while (has_calls()) {  // a callback may make further calls
    std::vector<Ended> ended;
    TakeNotAdmitted(&ended);
    for (CallSlots::Slot& slot : slots_.all()) {
      if (slot.call == nullptr) continue;
      Status status = slot.call->writes() ? LostReply(*slot.call, why.message()) : why;
      ended.push_back({std::move(slot.call), std::move(status)});
    }
    slots_.Clear();
    bulk_bytes_ = 0;
    streams_ = 0;
    to_cancel_.clear();
    for (auto& call : waiting_.TakeIf([](const PendingCall&) { return true; })) {
      ended.push_back({std::move(call), why});
    }
    for (HeldCalls::Held& held : held_.TakeIf([](const auto&) { return true; })) {
      ended.push_back({std::move(held.call), why});
    }
    CHECK(!ended.empty(), "an admitted call was added");
    FinishAll(std::move(ended));
  }
  CHECK(waiting_.empty() && held_.empty(), "a call that was not answered has memory");
}

void Channel::Finish(std::unique_ptr<PendingCall> call, Status status, const ErrorDetail& detail) {
  if (call->admitted) ReleaseMemory(call->frame().size());
  const ErrorClass error_class = status.error_class();
  if (call->maybe_executed &&
      (error_class == ErrorClass::kRetryNow || error_class == ErrorClass::kRetryAfter)) {
    // The last attempt had no effect, but an earlier one may have had.
    status = LostReply(*call, status.message());
  }
  call->Fail(std::move(status), detail);
}

// These end without an answer to their last attempt, which says nothing about the earlier ones.
void Channel::FinishAll(std::vector<Ended> ended) {
  for (Ended& one : ended) {
    if (one.call->maybe_executed && one.status.code() != Code::kOutcomeUnknown) {
      one.status = LostReply(*one.call, one.status.message());
    }
    Finish(std::move(one.call), std::move(one.status));
  }
}

void Channel::TickBy(int64_t nanos) {
  next_tick_ = std::min(next_tick_, nanos);
}

Status Channel::OverdueBeforeSent() const {
  if (state_ == State::kReady) {
    return {Code::kDeadlineExceeded, "the deadline passed before the request was sent"};
  }
  if (!last_failure_.ok()) return last_failure_;
  return {Code::kUnavailable, "no connection to the server was made before the deadline"};
}

}  // namespace smile
