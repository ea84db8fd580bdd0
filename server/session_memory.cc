// Session, continued: what it holds of the memory of all connections, for how long a client may
// take for a frame, and how it ends.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "server/session.h"

namespace smile {

// What goes into its buffer as it is, or else so much that the buffer fits when it has grown: by up
// to a quarter more than what will be in it.
size_t Session::most_bytes() const {
  const size_t room = account_->Room();
  const size_t growth = (taken_.input + room) / 4;
  const size_t most = std::max(reader_.free_memory(), room > growth ? room - growth : 0);
  return std::min(most, limits::kReadBufferBytes);
}

// What waits to be worked on is no obstacle to working on it.
bool Session::OverShare() const {
  return account_->held() - taken_.input > shared_.memory.budget().Share();
}

// Of GETs that are looked up together: each may be of a long value, and with little memory left
// most of them would be looked up in vain.
size_t Session::MostGets() const {
  return std::clamp<size_t>(account_->Room() / limits::kMaxReplyValueBytes, 1, GetRun::kMost);
}

// Brings the books up to date. After each event, and before a long reply is looked at.
void Session::Account() {
  const SessionMemory now{.input = reader_.memory(),
                          .requests = open_memory_,
                          .replies = output_.memory() + held_reply_memory_ + unsent_memory_};
  const auto change = [](size_t before, size_t after, Counter* gauge) {
    if (before != after) gauge->Add(after - before);
  };
  change(taken_.input, now.input, &shared_.metrics.memory_input);
  change(taken_.requests, now.requests, &shared_.metrics.memory_requests);
  change(taken_.replies, now.replies, &shared_.metrics.memory_replies);
  shared_.memory.Change(taken_.total(), now.total());
  account_->set_own(now.total());
  taken_ = now;
}

void Session::BeginFrame(int64_t now_nanos) {
  frame_nanos_ = now_nanos;
  paused_nanos_ = 0;
}

// However often a byte of it comes. Time in which the server did not read does not count.
bool Session::FrameIsLate(int64_t now_nanos) {
  const int64_t since_last_tick = now_nanos - std::exchange(tick_nanos_, now_nanos);
  if (frame_nanos_ == 0) return false;
  if (!wants_bytes()) paused_nanos_ += std::min(since_last_tick, now_nanos - frame_nanos_);
  return now_nanos - frame_nanos_ - paused_nanos_ >= limits::kFrameTimeoutMillis * kNanosPerMilli;
}

int64_t Session::half_frame_nanos() const {
  return frame_nanos_ == 0 ? 0 : shared_.clock.MonotonicNanos() - frame_nanos_;
}

void Session::CloseForMemory() {
  if (ending_) return;
  Refuse(0, {Code::kOverloaded,
             "the connections of this server hold too much memory, and this one much of it",
             limits::kShortMemoryRetryMillis});
  End("it keeps memory that is short");
}

Session::~Session() {
  caller_->Go();
  shared_.metrics.requests_open.Subtract(open_.size());
  size_t in_engine = 0;
  for (const auto& [id, open] : open_) in_engine += open.in_engine ? open.memory : 0;
  std::exchange(reader_, FrameReader(0));  // an assignment would leave it its buffer
  std::exchange(output_, {});
  open_memory_ = held_reply_memory_ = unsent_memory_ = 0;
  taken_.requests -= in_engine;
  Account();
  shared_.metrics.memory_requests.Subtract(in_engine);
  shared_.memory.Orphan(in_engine);
}

// --- Life ----------------------------------------------------------------------------------------

void Session::Tick(int64_t idle_millis) {
  if (ending_) return;
  const int64_t now_nanos = shared_.clock.MonotonicNanos();
  if (!open_.empty()) last_active_nanos_ = now_nanos;
  const int64_t quiet_millis = (now_nanos - last_active_nanos_) / kNanosPerMilli;
  // From the beginning: a HELLO that trickles in must not hold a connection.
  const int64_t connected_millis = (now_nanos - connected_nanos_) / kNanosPerMilli;
  if (!greeted_ && connected_millis >= limits::kHelloTimeoutMillis) {
    shared_.metrics.closed_no_hello.Add(1);
    return Break({Code::kProtocolError,
                  fmt::format("no HELLO came within {} ms", limits::kHelloTimeoutMillis)});
  }
  if (FrameIsLate(now_nanos)) {
    shared_.metrics.closed_slow_frame.Add(1);
    return Break({Code::kProtocolError, fmt::format("a frame was not complete after {} ms",
                                                    limits::kFrameTimeoutMillis)});
  }
  if (idle_millis != 0 && quiet_millis >= idle_millis) {
    shared_.metrics.closed_idle.Add(1);
    End("it was idle for too long");
  }
}

void Session::Drain() {
  draining_ = true;
  caller_->Leave();
  if (open_.empty()) End("the server is stopping");
}

void Session::EndOfInput() {
  End("it closed the connection");
  caller_->Leave();  // possibly, the whole connection is at its end: nobody need wait long for it
}

// What was received and not worked on is no longer needed.
void Session::End(std::string why) {
  if (!ending_) why_ended_ = std::move(why);
  ending_ = true;
  std::exchange(reader_, FrameReader(0));  // an assignment would leave it its buffer
  frame_nanos_ = 0;
  Account();
}

}  // namespace smile
