// Session, continued: answers consecutive requests that one record answers together.
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/check.h"
#include "protocol/dispatch.h"
#include "server/lookup_run.h"
#include "server/session.h"

namespace smile {

// False: the frame is another request, or one that has to be handled by itself.
bool Session::Gather(const Frame& frame, LookupRun* run) const {
  if (!greeted_ || draining_ || frame.header.flags != 0 || !frame.stays) return false;
  if (LookupOperations::Find(frame.header.code) == nullptr) return false;
  const int64_t deadline_nanos = DeadlineOf(frame);
  if (deadline_nanos != 0 && work_nanos_ >= deadline_nanos) return false;
  CHECK(run->size < LookupRun::kMost);
  LookupRun::Item& item = run->items[run->size];
  bool gathered = false;
  const auto take = [&]<class Row>(Row row, typename Row::Request& request) {
    if (!shared_.handlers.Check(row, request).ok()) return;
    const std::optional<LookupKey> key = shared_.handlers.LookupOf(row, request);
    if (!key) return;
    item.key = *key;
    item.request = LookupRequest<Row>{std::move(request)};
    gathered = true;
  };
  if (!Dispatch<LookupOperations>(frame.header.code, frame.body, take).ok() || !gathered) {
    return false;
  }
  item.frame = frame;
  ++run->size;
  return true;
}

void Session::AnswerRun(LookupRun* run) {
  if (run->size == 0) return;
  const std::span<LookupRun::Item> items(run->items.data(), run->size);
  for (const LookupRun::Item& item : items) shared_.metrics.requests[item.frame.header.code].Add(1);
  if (items.size() == 1) {
    Take(items[0]);
  } else {
    AnswerTogether(items);
  }
  run->size = 0;
}

// Requests that cannot be answered at once are put aside, with all later ones on the same
// partition, and then handled in order.
void Session::AnswerTogether(std::span<LookupRun::Item> items) {
  std::array<KeyView, LookupRun::kMost> keys;
  for (size_t i = 0; i < items.size(); ++i) keys[i] = items[i].key.view();
  std::array<bool, LookupRun::kMost> answered{};
  std::array<bool, LookupRun::kMost> may_be_now{};
  std::array<size_t, LookupRun::kMost> aside;
  size_t aside_count = 0;
  const auto must_wait = [&](size_t i) {
    const uint32_t id = items[i].frame.header.id;
    if (!IsFree(items[i]) || (!open_.empty() && open_.contains(id))) return true;
    return std::any_of(aside.begin(), aside.begin() + aside_count, [&](size_t other) {
      return keys[other].partition_view() == keys[i].partition_view() ||
             items[other].frame.header.id == id;
    });
  };
  shared_.handlers.PeekMany({keys.data(), items.size()}, [&](size_t i, PeekResult result,
                                                             const RecordView& record) {
    CHECK(!answered[i], "a key is looked up once");
    if (result != PeekResult::kUnknown && !must_wait(i)) {
      Reply reply(items[i].frame.header.id, max_reply_bytes_, account_.get(), output_.replies());
      answered[i] =
          VisitRequest(items[i], [&]<class Row>(Row row, const typename Row::Request& request) {
            return shared_.handlers.AnswerFrom(row, request, result, record, &reply);
          });
      if (answered[i]) CountReply(reply);
    }
    if (!answered[i]) aside[aside_count++] = i;
    may_be_now[i] = result != PeekResult::kUnknown;
    return !answered[i] || HasRoom(0);
  });
  CHECK(aside_count <= items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    if (answered[i]) continue;
    if (may_be_now[i]) {
      Take(items[i]);  // the other records that it needs may be in memory, too
    } else if (!RejectIfInFlight(items[i].frame.header.id)) {
      Enter(items[i]);
    }
  }
}

}  // namespace smile
