// Session, continued: its memory, the time limit of a frame, and its end.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "server/session.h"

namespace smile {

// What fits into the buffer as it is, or else so much that the buffer has room to grow: by up to a
// quarter more than its content.
size_t Session::wanted_bytes() const {
  if (ending_ || !HasRoom(0)) return 0;
  const size_t room = account_->Room();
  const size_t growth = (taken_.input + room) / 4;
  const size_t most = std::max(reader_.free_memory(), room > growth ? room - growth : 0);
  return most < limits::kLeastReadBytes ? 0 : std::min(most, limits::kReadBufferBytes);
}

// What waits to be worked on is no obstacle to working on it.
bool Session::OverShare() const {
  const size_t held = account_->held();
  CHECK(held >= taken_.input, "what is held includes the input");
  const size_t others = held - taken_.input;
  return others > limits::kGuaranteedConnectionBytes && others > shared_.memory.budget().Share();
}

// Number of requests that are looked up together. Each may have a large value: with little unused
// memory, most lookups would be in vain.
size_t Session::MostLookups() const {
  return std::clamp<size_t>(account_->Room() / limits::kMaxReplyValueBytes, 1, LookupRun::kMost);
}

// Updates the accounts. Called after each event, and before a large reply is checked.
void Session::Account() {
  const SessionMemory now{
      .input = reader_.memory(), .requests = open_memory_, .replies = reply_memory()};
  if (now == taken_) return;
  const auto change = [](size_t before, size_t after, Counter* gauge) {
    if (after < before) gauge->Subtract(before - after);
    if (after > before) gauge->Add(after - before);
  };
  change(taken_.input, now.input, &shared_.metrics.memory_input);
  change(taken_.requests, now.requests, &shared_.metrics.memory_requests);
  change(taken_.replies, now.replies, &shared_.metrics.memory_replies);
  shared_.memory.Change(taken_.total(), now.total());
  account_->set_own(now.total());
  taken_ = now;
}

void Session::set_unsent(size_t bytes, size_t memory) {
  unsent_bytes_ = bytes;
  unsent_memory_ = memory;
  if (bytes < limits::kUnsentBulkBytes) unsent_bulk_bytes_ = 0;  // the next one may follow
  if (bytes == 0 && output_.empty()) reply_window_.OnAllTaken();
  Account();
  PumpBuffered();
}

void Session::BeginFrame(int64_t now_nanos) {
  frame_nanos_ = now_nanos;
  paused_nanos_ = 0;
}

// Independent of how often a byte of it arrives. Time in which the server does not read is
// excluded.
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
  Reject(0, {Code::kOverloaded,
             "connection memory of the server is exhausted and this connection holds much of it",
             limits::kShortMemoryRetryMillis});
  End("held too much memory");
}

Session::~Session() {
  CHECK(!running_freed_, "what runs for a session keeps it alive");
  caller_->Go();
  for (const auto& [id, open] : open_) {
    if (open.caller != nullptr) open.caller->Go();
  }
  shared_.metrics.requests_in_flight.Subtract(open_.size());
  size_t in_engine = 0;
  for (const auto& [id, open] : open_) in_engine += open.in_engine ? open.memory : 0;
  InputBuffer input = reader_.TakeBuffer();
  std::exchange(output_, {});
  open_memory_ = held_reply_memory_ = unsent_memory_ = 0;
  CHECK(in_engine <= taken_.requests, "what the engine holds was taken for requests");
  taken_.requests -= in_engine;
  Account();
  shared_.discarded.Add(std::move(input));
  CHECK(taken_.total() == 0, "an ended session holds only what the engine has");
  shared_.metrics.memory_requests.Subtract(in_engine);
  shared_.memory.Orphan(in_engine);
}

// --- Life ----------------------------------------------------------------------------------------

void Session::Tick(int64_t idle_millis) {
  if (ending_) return;
  const int64_t now_nanos = shared_.clock.MonotonicNanos();
  const bool has_watches = watches_ != nullptr && !watches_->empty();
  if (has_watches) watches_->Tick();
  if (has_watches || !open_.empty()) last_active_nanos_ = now_nanos;
  const int64_t quiet_millis = (now_nanos - last_active_nanos_) / kNanosPerMilli;
  // Since the connection began: a HELLO that arrives slowly must not hold it.
  const int64_t connected_millis = (now_nanos - connected_nanos_) / kNanosPerMilli;
  if (!greeted_ && connected_millis >= limits::kHelloTimeoutMillis) {
    shared_.metrics.closed_hello_timeout.Add(1);
    return Break(
        {Code::kProtocolError, fmt::format("no HELLO within {} ms", limits::kHelloTimeoutMillis)});
  }
  if (FrameIsLate(now_nanos)) {
    shared_.metrics.closed_frame_timeout.Add(1);
    return Break({Code::kProtocolError,
                  fmt::format("a frame was incomplete after {} ms", limits::kFrameTimeoutMillis)});
  }
  if (idle_millis != 0 && quiet_millis >= idle_millis) {
    shared_.metrics.closed_idle_timeout.Add(1);
    End("idle timeout");
  }
}

void Session::Drain() {
  draining_ = true;
  LeaveCalls();
  EndWatches({Code::kShuttingDown, "the server is stopping"});
  if (open_.empty()) End("the server is stopping");
}

void Session::EndOfInput() {
  EndWatches({});
  End("closed by the client");
  LeaveCalls();  // the whole connection may be at its end: long reads may stop
}

// Received bytes that were not handled are dropped.
void Session::End(std::string why) {
  if (!ending_) why_ended_ = std::move(why);
  ending_ = true;
  watches_.reset();
  InputBuffer input = reader_.TakeBuffer();
  frame_nanos_ = 0;
  Account();  // first, or it would count twice for a moment
  shared_.discarded.Add(std::move(input));
}

}  // namespace smile
