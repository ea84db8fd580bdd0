#include "client/channel.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/result.h"

namespace smile {
namespace {

// The id of HELLO, and of the server's last message about a connection.
constexpr uint32_t kConnectionId = 0;

// Looking for overdue calls costs a walk over all of them.
constexpr int64_t kTickNanos = 5 * kNanosPerMilli;

Status NotTheProtocol(const std::string& words) {
  return {Code::kProtocolError, "the server sent what is not Smile's protocol: " + words};
}

uint16_t MillisLeft(const OpenCall& call, int64_t now) {
  const int64_t millis = (call.deadline_nanos() - now + kNanosPerMilli - 1) / kNanosPerMilli;
  return static_cast<uint16_t>(std::clamp<int64_t>(millis, 1, UINT16_MAX));
}

std::string About(const OpenCall& call) {
  return std::string(call.operation().name);
}

Status LostAnswer(const OpenCall& call, const std::string& why) {
  if (call.writes()) {
    return {Code::kOutcomeUnknown,
            "the " + About(call) + " was sent, but its answer did not come: " + why};
  }
  return {Code::kUnavailable, why};
}

Status OverdueInFlight(const OpenCall& call) {
  const std::string why = "the call's time was over";
  if (call.writes()) return LostAnswer(call, why);
  return {Code::kDeadlineExceeded, "no answer to the " + About(call) + " came in time"};
}

}  // namespace

Channel::Channel(ChannelOptions options)
    : options_(std::move(options)),
      backoff_(options_.first_backoff_millis, options_.max_backoff_millis, options_.seed),
      reader_(limits::kMaxFrameBytes) {}

Channel::~Channel() {
  CHECK(!has_calls(), "calls are ended before their channel goes");
}

void Channel::Admit(OpenCall* call) {
  const size_t bytes = call->frame().size();
  const size_t before = open_bytes_.fetch_add(bytes);
  // One call alone is always let in: whether its frame is too long is for the server to say.
  call->admitted = before == 0 || before + bytes <= options_.max_queued_bytes;
  if (call->admitted) return;
  open_bytes_ -= bytes;
  Bytes().swap(call->frame());
}

void Channel::Add(std::unique_ptr<OpenCall> call) {
  call->order = next_order_++;
  if (!call->admitted) return refused_.push_back(std::move(call));
  WakeBy(call->deadline_nanos());
  waiting_.push_back(std::move(call));
}

void Channel::TakeRefused(std::vector<Ended>* ended) {
  for (auto& call : std::exchange(refused_, {})) {
    ended->push_back({std::move(call),
                      Status(Code::kOverloaded, "too much waits in the client for its answers")});
  }
}

void Channel::Connected() {
  state_ = State::kConnected;
  useful_ = false;
  reader_ = FrameReader(limits::kMaxFrameBytes);
}

bool Channel::has_output() const {
  return state_ == State::kConnected || !refused_.empty() ||
         (state_ == State::kReady && !waiting_.empty() && slots_.in_use() < max_in_flight_);
}

void Channel::FillHello(Bytes* out) {
  op::Hello::Request hello;
  hello.max_frame_bytes = limits::kMaxFrameBytes;
  if (!options_.name.empty()) hello.client_name = options_.name;
  EncodeRequest<op::Hello>(kConnectionId, /*deadline_ms=*/0, hello, out);
  state_ = State::kHelloSent;
}

void Channel::Fill(size_t room, int64_t now, Bytes* out) {
  if (state_ == State::kConnected) FillHello(out);
  std::vector<Ended> ended;
  TakeRefused(&ended);
  while (state_ == State::kReady && !waiting_.empty() && slots_.in_use() < max_in_flight_ &&
         out->size() < room) {
    std::unique_ptr<OpenCall> call = std::move(waiting_.front());
    waiting_.pop_front();
    if (call->deadline_nanos() <= now) {
      ended.push_back({std::move(call), OverdueBeforeSent()});
      continue;
    }
    if (!held_.empty() && held_.HoldsBack(*call)) {
      if (!held_.Add(std::move(call), /*not_before=*/0, {}, {})) WakeBy(now);
      continue;
    }
    if (call->frame().size() > max_frame_bytes_) {
      Status status(Code::kTooLarge, "the request has " + std::to_string(call->frame().size()) +
                                         " bytes, the server takes " +
                                         std::to_string(max_frame_bytes_));
      ended.push_back({std::move(call), std::move(status)});
      continue;
    }
    if (slots_.in_use() == 0) {
      quiet_since_ = now;
      WakeBy(SilentUntil());
    }
    OpenCall& sent = *call;
    RestampFrame(&sent.frame(), slots_.Take(std::move(call)), MillisLeft(sent, now));
    out->append(sent.frame());
  }
  FinishAll(std::move(ended));
}

Status Channel::Receive(ByteView bytes, int64_t now) {
  if (state_ == State::kDisconnected) return {};
  quiet_since_ = now;
  reader_.Feed(bytes);
  Frame frame;
  FrameReader::Event event;
  while ((event = reader_.Next(&frame)) == FrameReader::Event::kFrame) {
    SMILE_TRY(OnFrame(frame, now));
  }
  if (event == FrameReader::Event::kBroken) return NotTheProtocol(reader_.error().message());
  reader_.Keep();
  return {};
}

Status Channel::OnFrame(const Frame& frame, int64_t now) {
  if (frame.header.flags != kFlagReply) return NotTheProtocol("a frame that is no reply");
  const bool ok = frame.header.code == static_cast<uint8_t>(Code::kOk);
  Status status;
  ErrorDetail detail;
  const Status decoded = ok ? Status() : DecodeError(frame, &status, &detail);
  if (frame.header.id == kConnectionId) {
    if (!decoded.ok()) return NotTheProtocol("an error without a body: " + decoded.message());
    return ok ? OnHello(frame) : status;
  }
  CallSlots::Slot* const slot = slots_.Find(frame.header.id);
  if (slot == nullptr) {
    return NotTheProtocol("a reply to a request that was not sent, with id " +
                          std::to_string(frame.header.id));
  }
  useful_ = true;
  if (!held_.empty()) WakeBy(now + kTickNanos);  // one of them may have waited for this answer
  std::unique_ptr<OpenCall> call = std::move(slot->call);
  const std::vector<uint64_t> given_up = std::move(slot->partitions);
  const uint64_t order = slot->order;
  slots_.Free(slot);
  if (call == nullptr) {  // it ended before, by its deadline
    if (!decoded.ok() || MayHaveBeenExecuted(status.code())) EndRefusedBefore(given_up, order);
    return {};
  }
  if (!ok) {
    decoded.ok() ? OnRefusal(std::move(call), status, detail, now)
                 : OnMalformed(std::move(call), decoded);
    return {};
  }
  // Given back before the answer, so that a call made from within it finds room.
  const size_t bytes = call->frame().size();
  open_bytes_ -= bytes;
  const Status accepted = call->Accept(frame.body);
  if (accepted.ok()) {
    OnExecuted(*call);
    return {};
  }
  open_bytes_ += bytes;
  if (accepted.code() == Code::kDamagedInTransit) {
    OnRefusal(std::move(call), accepted, {}, now);
  } else {
    OnMalformed(std::move(call), accepted);
  }
  return {};
}

void Channel::OnMalformed(std::unique_ptr<OpenCall> call, const Status& what) {
  OnExecuted(*call);  // or it may have been
  const Code code = call->writes() ? Code::kOutcomeUnknown : Code::kProtocolError;
  Finish(std::move(call), Status(code, "the body of the reply is malformed: " + what.message()));
}

void Channel::OnExecuted(const OpenCall& call) {
  if (!held_.empty()) EndRefusedBefore(call.Partitions(), call.order);
}

// What was refused before it must not be sent again now.
void Channel::EndRefusedBefore(const std::vector<uint64_t>& partitions, uint64_t order) {
  if (held_.empty() || partitions.empty()) return;
  for (HeldCalls::Held& held : held_.TakeRefusedBefore(partitions, order)) {
    Finish(std::move(held.call), std::move(held.refusal), held.detail);
  }
}

Status Channel::OnHello(const Frame& frame) {
  if (state_ != State::kHelloSent) return NotTheProtocol("an answer to no HELLO");
  op::Hello::Response hello;
  if (const Status status = Decode(frame.body, &hello); !status.ok()) {
    return NotTheProtocol("a malformed answer to HELLO: " + status.message());
  }
  if (hello.version != kProtocolVersion) {
    return {Code::kUnsupported, "the server wants to speak version " +
                                    std::to_string(hello.version) + " of the protocol"};
  }
  max_frame_bytes_ = hello.max_frame_bytes;
  max_in_flight_ =
      std::min({std::max(hello.max_in_flight, 1u), options_.max_in_flight, CallSlots::kMost});
  reader_.set_max_frame_bytes(std::min<size_t>(
      limits::kMaxFrameBytes, std::max<size_t>(max_frame_bytes_, kFrameHeaderBytes)));
  state_ = State::kReady;
  last_failure_ = {};
  return {};
}

// Nothing took effect: the class of the error says whether, and when, it may be tried again.
void Channel::OnRefusal(std::unique_ptr<OpenCall> call, const Status& status,
                        const ErrorDetail& detail, int64_t now) {
  if (call->StaysDamaged(status.code())) return Finish(std::move(call), status, detail);
  int64_t pause_millis = 0;
  switch (status.error_class()) {
    case ErrorClass::kRetryNow:
      pause_millis = backoff_.PauseMillis(call->CountRefusal());
      break;
    case ErrorClass::kRetryAfter:
      pause_millis = status.retry_after_ms() + backoff_.PauseMillis(call->CountRefusal());
      break;
    default:
      if (MayHaveBeenExecuted(status.code())) OnExecuted(*call);
      return Finish(std::move(call), status, detail);
  }
  const int64_t again = now + pause_millis * kNanosPerMilli;
  if (!call->retry() || again >= call->deadline_nanos()) {
    return Finish(std::move(call), status, detail);
  }
  WakeBy(again);
  held_.Add(std::move(call), again, status, detail);
}

void Channel::Disconnected(const Status& why, bool tries_another) {
  CHECK(!why.ok());
  const bool was_ready = state_ == State::kReady;
  state_ = State::kDisconnected;
  last_failure_ = why;
  EndInFlight(why);
  // A server that refuses this client as such will refuse it again; one that could not be reached,
  // or said nothing sensible, may be there soon.
  const bool refused =
      !was_ready && why.error_class() == ErrorClass::kNever && why.code() != Code::kProtocolError;
  if (!was_ready && !tries_another) EndUnsent(why, refused);
  if (!held_.empty()) WakeBy(0);
}

// Reads are sent again, in their order, unless a write after them was lost as well: they might see
// it.
void Channel::EndInFlight(const Status& why) {
  std::vector<Ended> ended;
  std::vector<std::unique_ptr<OpenCall>> again;
  LastOrders lost_writes;
  for (CallSlots::Slot& slot : slots_.all()) {
    if (slot.call != nullptr) {
      std::unique_ptr<OpenCall> call = CallSlots::GiveUp(&slot);
      if (call->writes() || !call->retry()) {
        Status status = LostAnswer(*call, why.message());
        ended.push_back({std::move(call), std::move(status)});
      } else {
        again.push_back(std::move(call));
      }
    }
    lost_writes.Add(slot.partitions, slot.order);
    EndRefusedBefore(slot.partitions, slot.order);
  }
  slots_.Clear();
  std::sort(again.begin(), again.end(),
            [](const auto& a, const auto& b) { return a->order < b->order; });
  for (std::unique_ptr<OpenCall>& read : again) {
    if (lost_writes.empty() || !lost_writes.HasAfter(read->Partitions(), read->order)) continue;
    Status status = LostAnswer(*read, why.message());
    ended.push_back({std::move(read), std::move(status)});
  }
  std::erase(again, nullptr);
  waiting_.insert(waiting_.begin(), std::make_move_iterator(again.begin()),
                  std::make_move_iterator(again.end()));
  FinishAll(std::move(ended));
}

// After an attempt to connect that failed. The calls end with what the server said, if it said
// something: a full server is overloaded, not unavailable.
void Channel::EndUnsent(const Status& why, bool refused) {
  std::vector<Ended> ended;
  const auto end = [&](std::unique_ptr<OpenCall> call) { ended.push_back({std::move(call), why}); };
  for (std::unique_ptr<OpenCall>& call : waiting_) {
    if (refused || !call->retry()) end(std::move(call));
  }
  std::erase(waiting_, nullptr);
  const auto ends = [&](const HeldCalls::Held& held) { return refused || !held.call->retry(); };
  for (HeldCalls::Held& held : held_.TakeIf(ends)) end(std::move(held.call));
  FinishAll(std::move(ended));
}

int64_t Channel::SilentUntil() const {
  return quiet_since_ + limits::kStalledServerMillis * kNanosPerMilli;
}

Status Channel::Tick(int64_t now) {
  if (now < next_tick_) return {};
  std::vector<Ended> ended;
  int64_t earliest = slots_.in_use() > 0 ? SilentUntil() : kNever;
  const bool silent = earliest <= now;
  const auto overdue = [&](const OpenCall& call) {
    if (call.deadline_nanos() <= now) return true;
    earliest = std::min(earliest, call.deadline_nanos());
    return false;
  };
  for (CallSlots::Slot& slot : slots_.all()) {
    if (slot.call == nullptr || !overdue(*slot.call)) continue;
    Status status = OverdueInFlight(*slot.call);
    ended.push_back({CallSlots::GiveUp(&slot), std::move(status)});
  }
  for (std::unique_ptr<OpenCall>& call : waiting_) {
    if (overdue(*call)) ended.push_back({std::move(call), OverdueBeforeSent()});
  }
  std::erase(waiting_, nullptr);
  const auto ends = [&](const HeldCalls::Held& held) { return overdue(*held.call); };
  for (HeldCalls::Held& held : held_.TakeIf(ends)) {
    ended.push_back({std::move(held.call), OverdueBeforeSent()});
  }
  if (!held_.empty()) {
    auto released = held_.Release(now, slots_.Orders());
    waiting_.insert(waiting_.begin(), std::make_move_iterator(released.begin()),
                    std::make_move_iterator(released.end()));
    earliest = std::min(earliest, held_.NextTime(now));
  }
  next_tick_ = earliest == kNever ? kNever : std::max(earliest, now + kTickNanos);
  FinishAll(std::move(ended));
  if (!silent) return {};
  return {Code::kUnavailable, "the server owes replies and has stalled"};
}

void Channel::EndAll(const Status& why) {
  state_ = State::kDisconnected;
  while (has_calls()) {  // an answer may make further calls
    std::vector<Ended> ended;
    TakeRefused(&ended);
    for (CallSlots::Slot& slot : slots_.all()) {
      if (slot.call == nullptr) continue;
      Status status = slot.call->writes() ? LostAnswer(*slot.call, why.message()) : why;
      ended.push_back({std::move(slot.call), std::move(status)});
    }
    slots_.Clear();
    for (auto& call : std::exchange(waiting_, {})) ended.push_back({std::move(call), why});
    for (HeldCalls::Held& held : held_.TakeIf([](const auto&) { return true; })) {
      ended.push_back({std::move(held.call), why});
    }
    CHECK(!ended.empty(), "a call was admitted that was not added");
    FinishAll(std::move(ended));
  }
}

void Channel::Finish(std::unique_ptr<OpenCall> call, Status status, const ErrorDetail& detail) {
  if (call->admitted) open_bytes_ -= call->frame().size();
  call->Fail(std::move(status), detail);
}

void Channel::FinishAll(std::vector<Ended> ended) {
  for (Ended& one : ended) Finish(std::move(one.call), std::move(one.status));
}

void Channel::WakeBy(int64_t nanos) {
  next_tick_ = std::min(next_tick_, nanos);
}

Status Channel::OverdueBeforeSent() const {
  if (state_ == State::kReady) {
    return {Code::kDeadlineExceeded, "the call's time was over before it could be sent"};
  }
  if (!last_failure_.ok()) return last_failure_;
  return {Code::kUnavailable, "there was no connection to the server in time"};
}

}  // namespace smile
