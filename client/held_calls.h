// Calls that were rejected and are to be retried, and the calls after them: later calls of the
// same partitions, which must not overtake them.
//
// A refused call is sent again only as long as no later call of its partition has been executed:
// what a server that was asked in this order could have answered. (A call that was in flight when
// an earlier one was refused may be executed all the same; then the earlier one ends with its
// refusal, which is true: it had no effect.)
//
// Not bounded by itself: what is here counts in the channel's max_queued_bytes. For the channel's
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/function_ref.h"
#include "base/status.h"
#include "client/open_call.h"

namespace smile {

// Of each partition, by its hash, the highest order of some calls.
class LastOrders {
 public:
  bool empty() const { return orders_.empty(); }
  void Add(const std::vector<uint64_t>& partitions, uint64_t order);
  // Whether one of those calls came after `order` on one of `partitions`.
  bool HasAfter(const std::vector<uint64_t>& partitions, uint64_t order) const;

 private:
  std::unordered_map<uint64_t, uint64_t> orders_;
};

// Of a call that was answered with this code. The others say that the server did not look at the
// record.
bool MayHaveBeenExecuted(Code code);

class HeldCalls {
 public:
  struct Held {
    std::unique_ptr<OpenCall> call;
    std::vector<uint64_t> partitions;
    int64_t not_before = 0;
    Status refusal;  // ok: it was not sent yet
    ErrorDetail detail;
  };

  bool empty() const { return held_.empty(); }

  // Whether the call has to wait for one that is held.
  bool HoldsBack(const OpenCall& call) const;

  // Puts it in its place; answers whether that is behind all others.
  bool Add(std::unique_ptr<OpenCall> call, int64_t not_before, Status refusal,
           const ErrorDetail& detail);

  // Takes out, in their order, the calls that may be sent now: their time has come, none before
  // them on their partitions stays here, and none after them is among `in_flight`.
  std::vector<std::unique_ptr<OpenCall>> Release(int64_t now, const LastOrders& in_flight);

  // Takes out the refused calls that came before `order` on one of `partitions`, where a call was
  // executed or may have been. The calls after them stay until the next Release.
  std::vector<Held> TakeRefusedBefore(const std::vector<uint64_t>& partitions, uint64_t order);

  // When the next one may be sent again, after `now`; INT64_MAX if no time is waited for.
  int64_t NextTime(int64_t now) const;

  // Takes out those for which `ends` says so, likewise.
  std::vector<Held> TakeIf(FunctionRef<bool(const Held&)> ends);

 private:
  std::vector<Held> held_;                   // by order
  std::unordered_set<uint64_t> partitions_;  // of those; possibly more until the next Release
};

}  // namespace smile
