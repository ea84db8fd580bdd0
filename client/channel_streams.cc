// Calls with many replies, and how they are cancelled.
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "client/channel.h"

namespace smile {
namespace {

// Of the reply to CANCEL, which nobody waits for.
constexpr int64_t kCancelNanos = 10'000 * kNanosPerMilli;

}  // namespace

// The slot stays in use until the last reply: until then its id is the request's.
void Channel::CancelStream(uint64_t stream) {
  CHECK(stream != 0);
  const Status status(Code::kCancelled, "the watch was cancelled");
  for (CallSlots::Slot& slot : slots_.all()) {
    if (slot.call == nullptr || slot.call->stream() != stream) continue;
    to_cancel_.push_back(slot.id);
    --streams_;
    return Finish(CallSlots::Abandon(&slot), status);
  }
  std::vector<Ended> ended;
  const auto is_it = [stream](const PendingCall& call) { return call.stream() == stream; };
  for (auto& call : waiting_.TakeIf(is_it)) ended.push_back({std::move(call), status});
  for (HeldCalls::Held& held :
       held_.TakeIf([&](const HeldCalls::Held& one) { return is_it(*one.call); })) {
    ended.push_back({std::move(held.call), status});
  }
  FinishAll(std::move(ended));
}

// A CANCEL is for the connection on which the request is, so it is never sent again.
void Channel::FillCancels(int64_t now, Bytes* out) {
  if (state_ != State::kReady) return;
  for (const uint32_t id : std::exchange(to_cancel_, {})) {
    auto call = std::make_unique<TypedCall<op::Cancel>>(
        op::Cancel::Request{.id = id}, now + kCancelNanos, CallOptions{.retry = false},
        [](const Answer<op::Cancel>&) {});
    Admit(call.get());
    if (!call->admitted || slots_.in_use() >= CallSlots::kMaxInUse) {
      // With so much in flight the watch is left to the end of the connection.
      Finish(std::move(call), {Code::kOverloaded, "too many requests are in flight"});
      continue;
    }
    call->order = ++last_order_;
    TickBy(call->deadline_nanos());
    Send(std::move(call), now, out);
  }
}

}  // namespace smile
