// Session, continued: replies, and what they release.
#include <string>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "server/session.h"

namespace smile {

void Session::Complete(uint32_t id, FunctionRef<void(Reply&)> answer) {
  const auto found = open_.find(id);
  CHECK(found != open_.end(), "a request is completed once");
  CHECK(found->second.in_engine && !found->second.finished);
  found->second.in_engine = false;
  if (found->second.cancelled) {
    Finish(&found->second, [](Reply& reply) { FailCancelled(reply); });
  } else {
    Finish(&found->second, answer);
  }
  Account();
  PumpBuffered();
  on_output_();
}

void Session::Finish(Open* open, FunctionRef<void(Reply&)> answer) {
  Answer(open->id, OutputOf(open), answer);
  Settle(open);
}

// A reply that may be sent goes directly to the output.
ReplyBuffer* Session::OutputOf(Open* open) {
  if (open->lanes_not_first > 0 || open->is_bulk) return &open->held_reply;
  return output_.replies();
}

// After the reply to `open`: releases what waited for it. `open` may be destroyed.
void Session::Settle(Open* open) {
  held_reply_memory_ += open->held_reply.memory();
  const PartitionOrder::Freed& freed = order_.Finish(open);
  for (PartitionOrder::Entry* entry : freed.leave) {
    Open* const left = static_cast<Open*>(entry);
    CHECK(left->finished && !left->in_engine && left->lanes_not_first == 0,
          "a reply is sent after those before it");
    CHECK(open_memory_ >= left->memory && held_reply_memory_ >= left->held_reply.memory());
    size_t& reply_bytes = left->is_bulk ? bulk_reply_bytes_ : open_reply_bytes_;
    CHECK(open_bytes_ >= left->bytes && reply_bytes >= left->reply_bytes);
    held_reply_memory_ -= left->held_reply.memory();
    open_memory_ -= left->memory;
    if (left->is_bulk && left->held_reply.size() >= limits::kLeastBulkBytes) {
      output_.AppendBulk(std::move(left->held_reply));
    } else {
      output_.replies()->Append(std::move(left->held_reply));
    }
    open_bytes_ -= left->bytes;
    reply_bytes -= left->reply_bytes;
    shared_.metrics.requests_in_flight.Subtract(1);
    CHECK(open_.erase(left->id) == 1, "a request ends once");
  }
  CHECK(!open_.empty() ||
            (open_bytes_ == 0 && open_reply_bytes_ == 0 && bulk_reply_bytes_ == 0 &&
             open_memory_ == 0 && held_reply_memory_ == 0 && order_.empty() && bulk_.empty()),
        "no request, nothing held for one");
  if (draining_ && open_.empty()) End("the server is stopping");
  for (PartitionOrder::Entry* entry : freed.run) freed_.push_back(static_cast<Open*>(entry));
  RunFreed();
}

void Session::Answer(uint32_t id, ReplyBuffer* out, FunctionRef<void(Reply&)> answer) {
  Reply reply(id, max_reply_bytes_, /*memory=*/nullptr, out);
  answer(reply);
  CountReply(reply);
}

void Session::CountReply(const Reply& reply) {
  CHECK(reply.written(), "every request is answered");
  CHECK(static_cast<size_t>(reply.code()) < shared_.metrics.replies.size());
  reply_window_.OnReply(output_.size() + unsent_bytes_);
  shared_.metrics.replies[static_cast<size_t>(reply.code())].Add(1);
  if (reply_memory() >= taken_.replies + limits::kLeastLargeValueBytes) Account();
}

void Session::Reject(uint32_t id, const Status& status) {
  Answer(id, output_.replies(), [&](Reply& reply) { reply.Fail(status); });
}

// Neither the stream nor its ids can be trusted any more: one error reply, then the end.
void Session::Break(const Status& status) {
  Reject(0, status);
  shared_.metrics.closed_protocol_error.Add(1);
  End(status.message());
}

}  // namespace smile
