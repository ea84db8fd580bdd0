// Calls that wait in the client: those that were rejected and wait for their retry, and later calls
// of the same partitions, which must not overtake them.
//
// A rejected call is retried only while no later call of its partition has been executed: only then
// could a server that received the calls in this order have given these replies. A call that was in
// flight when an earlier one was rejected may still be executed; then the earlier one ends with its
// rejection, which is true: it had no effect.
//
// Has no limit of its own: the calls in it count towards the channel's max_queued_bytes. For the
// channel's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/function_ref.h"
#include "base/status.h"
#include "client/pending_call.h"
#include "protocol/error_body.h"

namespace smile {

// For each partition, the highest order among some of its calls.
class LastOrders {
 public:
  bool empty() const { return orders_.empty(); }
  void Add(const std::vector<uint64_t>& partitions, uint64_t order);
  // Whether one of those calls comes after `order` on one of `partitions`.
  bool AnyAfter(const std::vector<uint64_t>& partitions, uint64_t order) const;

 private:
  std::unordered_map<uint64_t, uint64_t> orders_;
};

// Whether a request that was answered with this code may have been executed. The other codes say
// that the server did not read or write the record.
bool MayHaveBeenExecuted(Code code);

class HeldCalls {
 public:
  struct Held {
    std::unique_ptr<PendingCall> call;
    std::vector<uint64_t> partitions;  // those of the call
    int64_t not_before = 0;            // when it may be sent, in nanoseconds of monotonic time
    Status rejection;                  // ok: it was not sent yet
    ErrorDetail detail;                // of the rejection
  };

  bool empty() const { return held_.empty(); }

  // Whether the call has to wait because of one that is held.
  bool HoldsBack(const PendingCall& call) const;

  // Adds a call in its order. Returns true if it comes after all others. A call that was not sent
  // yet has an ok `rejection` and waits for other calls, not for a time: its `not_before` is 0.
  bool Add(std::unique_ptr<PendingCall> call, int64_t not_before, Status rejection,
           const ErrorDetail& detail);

  // Takes out, in their order, the calls that may be sent at `now`: their time has come, no earlier
  // call of their partitions stays held, and no later one is among `in_flight`.
  std::vector<std::unique_ptr<PendingCall>> Release(int64_t now, const LastOrders& in_flight);

  // Takes out the rejected calls that come before `order` on one of `partitions`, where a call was
  // or may have been executed. The calls that wait for them stay until the next Release.
  std::vector<Held> TakeRejectedBefore(const std::vector<uint64_t>& partitions, uint64_t order);

  // The earliest time after `now` at which a call may be sent; INT64_MAX if there is none.
  int64_t NextTime(int64_t now) const;

  // Takes out, in their order, the calls for which `ends` is true. The calls that wait for them
  // stay until the next Release.
  std::vector<Held> TakeIf(FunctionRef<bool(const Held&)> ends);

 private:
  void CheckOrder() const;

  std::vector<Held> held_;                   // by ascending order
  std::unordered_set<uint64_t> partitions_;  // theirs; possibly more until the next Release
};

}  // namespace smile
