// Session, continued: watches, and the end of requests that a client no longer wants.
#include <fmt/format.h>

#include "base/check.h"
#include "protocol/message.h"
#include "server/session.h"
#include "service/watches/watch_limits.h"

namespace smile {

// Replies alone never end a watch.
static_assert(limits::kMaxWatchOutputBytes >=
              limits::kMaxFrameBytes + limits::kOutputHighWaterBytes);

void Session::HandleWatch(uint32_t id, const op::Watch::Request& request) {
  if (RejectIfInFlight(id)) return;
  if (watches_ == nullptr) {
    watches_ = std::make_unique<SessionWatches>(
        &shared_.watches, &shared_.clock,
        SessionWatches::Output{
            .write = [this](uint32_t of, const op::Watch::Response& message,
                            bool is_last) { return WriteWatchMessage(of, message, is_last); },
            .fail =
                [this](uint32_t of, const Status& status) {
                  Reject(of, status);
                  on_output_();
                }});
  }
  if (const Status status = watches_->Start(id, request); !status.ok()) Reject(id, status);
}

// It is counted as a reply when it ends.
bool Session::WriteWatchMessage(uint32_t id, op::Watch::Response message, bool is_last) {
  const size_t waiting = output_.other_bytes() + unsent_bytes_;
  if (!is_last && (waiting > limits::kMaxWatchOutputBytes || OverShare())) return false;
  if (!message.with_value) message.checksum = Hash64({});
  FrameHeader header = OkHeader(id);
  if (!is_last) header.flags |= kFlagMoreFollows;
  Bytes* const out = output_.replies()->tail();
  FrameWriter frame(out, header);
  Encode(message, out);
  if (frame.size() > max_reply_bytes_) {
    frame.Discard();
    CHECK(message.with_value, "what is small fits into every frame");
    message.with_value = false;
    message.value = {};
    return WriteWatchMessage(id, message, is_last);
  }
  frame.Finish();
  if (is_last) shared_.metrics.replies[static_cast<size_t>(Code::kOk)].Add(1);
  Account();
  on_output_();
  return true;
}

void Session::HandleCancel(uint32_t id, const op::Cancel::Request& request) {
  if (RejectIfInFlight(id)) return;
  const bool cancelled =
      (watches_ != nullptr && watches_->Cancel(request.id)) || CancelOpen(request.id);
  Answer(id, output_.replies(),
         [&](Reply& reply) { reply.Ok<op::Cancel>({.cancelled = cancelled}); });
}

// What is in the engine is answered when that has ended it, which it does soon if it is a read.
bool Session::CancelOpen(uint32_t id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return false;
  Open& open = found->second;
  if (open.finished) return false;
  if (open.in_engine) {
    if (open.caller == nullptr) return false;
    open.caller->Go();
  }
  open.cancelled = true;
  return true;
}

void Session::FailCancelled(Reply& reply) {
  reply.Fail({Code::kCancelled, "the request was cancelled"});
}

void Session::EndWatches(const Status& why) {
  if (watches_ != nullptr) watches_->EndAll(why);
}

// Long reads may end with less than they were asked for.
void Session::LeaveCalls() {
  caller_->Leave();
  for (const auto& [id, open] : open_) {
    if (open.caller != nullptr) open.caller->Leave();
  }
}

}  // namespace smile
