// Session, continued: answers consecutive GETs together.
#include <algorithm>
#include <array>
#include <span>

#include "base/check.h"
#include "protocol/codec.h"
#include "server/get_run.h"
#include "server/session.h"

namespace smile {

// False: not a GET, or one that has to be handled by itself.
bool Session::Gather(const Frame& frame, GetRun* gets) const {
  if (!greeted_ || draining_ || frame.header.flags != 0) return false;
  if (frame.header.code != op::Get::kInfo.code || !frame.stays) return false;
  CHECK(gets->size < GetRun::kMost);
  GetRun::Item& item = gets->items[gets->size];
  if (!Decode(frame.body, &item.request).ok()) return false;
  if (!shared_.handlers.Check(op::Get{}, item.request).ok()) return false;
  const int64_t deadline_nanos = DeadlineOf(frame);
  if (deadline_nanos != 0 && work_nanos_ >= deadline_nanos) return false;
  item.frame = frame;
  ++gets->size;
  return true;
}

void Session::AnswerGets(GetRun* gets) {
  if (gets->size == 0) return;
  shared_.metrics.requests[op::Get::kInfo.code].Add(gets->size);
  const std::span<GetRun::Item> items(gets->items.data(), gets->size);
  if (items.size() == 1) {
    Take<op::Get>(items[0].frame, items[0].request);
  } else {
    AnswerTogether(items);
  }
  gets->size = 0;
}

// GETs that cannot be answered at once are put aside, with all later ones on the same partition,
// and then handled in order.
void Session::AnswerTogether(std::span<GetRun::Item> items) {
  std::array<KeyView, GetRun::kMost> keys;
  for (size_t i = 0; i < items.size(); ++i) keys[i] = items[i].request.key;
  std::array<bool, GetRun::kMost> answered{};
  std::array<size_t, GetRun::kMost> aside;
  size_t aside_count = 0;
  const auto must_wait = [&](size_t i) {
    const uint32_t id = items[i].frame.header.id;
    if (!IsFree<op::Get>(items[i].request) || (!open_.empty() && open_.contains(id))) return true;
    return std::any_of(aside.begin(), aside.begin() + aside_count, [&](size_t other) {
      return keys[other].partition_view() == keys[i].partition_view() ||
             items[other].frame.header.id == id;
    });
  };
  shared_.handlers.PeekMany(
      {keys.data(), items.size()}, [&](size_t i, PeekResult result, const RecordView& record) {
        if (result == PeekResult::kUnknown || must_wait(i)) {
          aside[aside_count++] = i;
          return true;
        }
        CHECK(!answered[i], "a key is looked up once");
        answered[i] = true;
        Reply reply(items[i].frame.header.id, max_reply_bytes_, account_.get(), output_.replies());
        if (result == PeekResult::kFound) {
          reply.OkLent(record);
        } else {
          reply.Fail({Code::kNotFound, ""});
        }
        CountReply(reply);
        return HasRoom(0);
      });
  CHECK(aside_count <= items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    if (answered[i]) continue;
    if (RejectIfInFlight(items[i].frame.header.id)) continue;
    Enter<op::Get>(items[i].frame, items[i].request, {});
  }
}

}  // namespace smile
