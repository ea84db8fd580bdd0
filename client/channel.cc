#include "client/channel.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/result.h"

namespace smile {
namespace {

// The id of HELLO, and of the server's last message about a connection.
constexpr uint32_t kConnectionId = 0;

// How soon after a reply the held calls are looked at: a Tick walks over all calls.
constexpr int64_t kReleaseDelayNanos = 5 * kNanosPerMilli;

Status ProtocolViolation(const std::string& what) {
  return {Code::kProtocolError, "the server does not speak Smile's protocol: " + what};
}

// For the header of a request, which has 16 bits for it.
uint16_t RemainingMillis(const PendingCall& call, int64_t now) {
  CHECK(call.deadline_nanos() > now, "an overdue call is not sent");
  if (call.deadline_nanos() == Channel::kNever) return 0;
  const int64_t millis = (call.deadline_nanos() - now + kNanosPerMilli - 1) / kNanosPerMilli;
  return static_cast<uint16_t>(std::min<int64_t>(millis, UINT16_MAX));
}

}  // namespace

Channel::Channel(ChannelOptions options)
    : options_(std::move(options)),
      backoff_(options_.first_backoff_millis, options_.max_backoff_millis, options_.seed),
      reader_(limits::kMaxFrameBytes) {
  CHECK(options_.max_in_flight > 0);
  CHECK(options_.name.size() <= limits::kMaxClientNameBytes);
}

Channel::~Channel() {
  CHECK(!has_calls(), "calls are answered before their channel is destroyed");
}

void Channel::Admit(PendingCall* call) {
  CHECK(!call->admitted && call->order == 0, "memory is reserved once, before Add");
  const size_t bytes = call->frame().size();
  CHECK(bytes > 0);
  const size_t before = queued_bytes_.fetch_add(bytes);
  // One call alone is always admitted: whether its frame is too long is for the server to say.
  call->admitted = before == 0 || before + bytes <= options_.max_queued_bytes;
  if (call->admitted) return;
  ReleaseMemory(bytes);
  Bytes().swap(call->frame());
}

void Channel::ReleaseMemory(size_t bytes) {
  const size_t before = queued_bytes_.fetch_sub(bytes);
  CHECK(before >= bytes, "no more is released than was reserved");
}

void Channel::Add(std::unique_ptr<PendingCall> call) {
  CHECK(call->order == 0, "a call is added once");
  CHECK(call->admitted == !call->frame().empty(), "a call without memory has no frame");
  call->order = ++last_order_;
  if (!call->admitted) return not_admitted_.push_back(std::move(call));
  TickBy(call->deadline_nanos());
  waiting_.Add(std::move(call));
}

void Channel::Connected() {
  CHECK(state_ == State::kDisconnected, "one connection at a time");
  CHECK(slots_.in_use() == 0, "nothing is in flight on a new connection");
  state_ = State::kConnected;
  has_replied_ = false;
  reader_ = FrameReader(limits::kMaxFrameBytes);
}

bool Channel::CanSend(size_t unsent) const {
  CHECK(slots_.in_use() >= streams_);
  if (state_ != State::kReady || slots_.in_use() - streams_ >= max_in_flight_) return false;
  if (slots_.in_use() >= CallSlots::kMaxInUse) return false;
  if (waiting_.has_small()) return unsent < limits::kOutputHighWaterBytes;
  return !waiting_.empty() && unsent < limits::kUnsentBulkBytes &&
         bulk_bytes_ < limits::kMaxBulkInFlightBytes;
}

void Channel::CountBulk(const PendingCall& call, bool is_sent) {
  if (!call.is_bulk()) return;
  CHECK(is_sent || bulk_bytes_ >= call.frame_bytes());
  bulk_bytes_ += is_sent ? call.frame_bytes() : -call.frame_bytes();
}

bool Channel::has_output(size_t unsent) const {
  return state_ == State::kConnected || !not_admitted_.empty() || CanSend(unsent) ||
         (state_ == State::kReady && !to_cancel_.empty());
}

void Channel::FillHello(Bytes* out) {
  op::Hello::Request hello;
  hello.max_frame_bytes = limits::kMaxFrameBytes;
  if (!options_.name.empty()) hello.client_name = options_.name;
  EncodeRequest<op::Hello>(kConnectionId, /*deadline_ms=*/0, hello, out);
  state_ = State::kHelloSent;
}

void Channel::Fill(size_t unsent, int64_t now, Bytes* out) {
  if (state_ == State::kConnected) FillHello(out);
  std::vector<Ended> ended;
  TakeNotAdmitted(&ended);
  FillCancels(now, out);
  while (CanSend(unsent + out->size())) {
    std::unique_ptr<PendingCall> call = waiting_.Take();
    if (call->deadline_nanos() <= now) {
      ended.push_back({std::move(call), OverdueBeforeSent()});
      continue;
    }
    if (!held_.empty() && held_.HoldsBack(*call)) {
      if (!held_.Add(std::move(call), /*not_before=*/0, {}, {})) TickBy(now);
      continue;
    }
    if (call->frame().size() > max_frame_bytes_) {
      Status status(Code::kTooLarge, "the request has " + std::to_string(call->frame().size()) +
                                         " bytes; the server accepts at most " +
                                         std::to_string(max_frame_bytes_));
      ended.push_back({std::move(call), std::move(status)});
      continue;
    }
    Send(std::move(call), now, out);
    CHECK(slots_.in_use() - streams_ <= max_in_flight_);
  }
  FinishAll(std::move(ended));
}

// Takes an id for the call and appends its frame.
void Channel::Send(std::unique_ptr<PendingCall> call, int64_t now, Bytes* out) {
  if (slots_.in_use() == 0) {
    last_progress_nanos_ = now;
    TickBy(StallNanos());
  }
  PendingCall& sent = *call;
  sent.PrepareToSend();
  CountBulk(sent, /*is_sent=*/true);
  if (sent.stream() != 0) ++streams_;
  RestampFrame(&sent.frame(), slots_.Take(std::move(call)), RemainingMillis(sent, now));
  out->append(sent.frame());
}

Status Channel::Receive(ByteView bytes, int64_t now) {
  if (state_ == State::kDisconnected) return {};
  last_progress_nanos_ = now;
  reader_.Feed(bytes);
  Frame frame;
  FrameReader::Event event;
  while ((event = reader_.Next(&frame)) == FrameReader::Event::kFrame) {
    SMILE_TRY(OnFrame(frame, now));
  }
  if (event == FrameReader::Event::kBroken) return ProtocolViolation(reader_.error().message());
  reader_.Keep();
  return {};
}

Status Channel::OnFrame(const Frame& frame, int64_t now) {
  const int flags = frame.header.flags & ~kFlagCoversStart;
  const bool more = flags == (kFlagReply | kFlagMoreFollows);
  if (!more && flags != kFlagReply) return ProtocolViolation("a frame is not a reply");
  const bool ok = frame.header.code == static_cast<uint8_t>(Code::kOk);
  Status status;
  ErrorDetail detail;
  const Status decoded = ok ? Status() : DecodeError(frame, &status, &detail);
  if (frame.header.id == kConnectionId) {
    if (!decoded.ok()) return ProtocolViolation("malformed error reply: " + decoded.message());
    return ok ? OnHello(frame) : status;
  }
  CallSlots::Slot* const slot = slots_.Find(frame.header.id);
  if (slot == nullptr) {
    return ProtocolViolation("a reply has the id " + std::to_string(frame.header.id) +
                             ", which no request in flight has");
  }
  has_replied_ = true;
  if (!held_.empty()) TickBy(now + kReleaseDelayNanos);  // one of them may have waited for this
  if (more) return ok ? OnMore(slot, frame.body) : ProtocolViolation("an error is not the last");
  if (slot->call == nullptr) {
    OnLateReply(*slot, decoded, status.code());
    slots_.Free(slot);
    return {};
  }
  std::unique_ptr<PendingCall> call = std::move(slot->call);
  CountBulk(*call, /*is_sent=*/false);
  if (call->stream() != 0) --streams_;
  slots_.Free(slot);
  if (ok) {
    OnAccepted(std::move(call), frame.body, now);
  } else if (decoded.ok()) {
    OnRejected(std::move(call), status, detail, now);
  } else {
    OnMalformed(std::move(call), decoded);
  }
  return {};
}

// Of a call that has ended, further replies are ignored.
Status Channel::OnMore(CallSlots::Slot* slot, ByteView body) {
  if (slot->call == nullptr) return {};
  const Status accepted = slot->call->AcceptMore(body);
  return accepted.ok() ? Status() : ProtocolViolation(accepted.message());
}

Status Channel::OnHello(const Frame& frame) {
  if (state_ != State::kHelloSent) return ProtocolViolation("a second reply to HELLO");
  op::Hello::Response hello;
  if (const Status status = Decode(frame.body, &hello); !status.ok()) {
    return ProtocolViolation("malformed reply to HELLO: " + status.message());
  }
  if (hello.version != kProtocolVersion) {
    return {Code::kUnsupported, "the server chose version " + std::to_string(hello.version) +
                                    " of the protocol; this client supports version " +
                                    std::to_string(kProtocolVersion)};
  }
  max_frame_bytes_ = hello.max_frame_bytes;
  max_in_flight_ =
      std::min({std::max(hello.max_in_flight, 1u), options_.max_in_flight, CallSlots::kMaxInUse});
  CHECK(max_in_flight_ > 0);
  reader_.set_max_frame_bytes(std::min<size_t>(
      limits::kMaxFrameBytes, std::max<size_t>(max_frame_bytes_, kFrameHeaderBytes)));
  state_ = State::kReady;
  last_failure_ = {};
  return {};
}

// The call ended before, at its deadline.
void Channel::OnLateReply(const CallSlots::Slot& slot, const Status& decoded, Code code) {
  if (decoded.ok() && !MayHaveBeenExecuted(code)) return;
  EndRejectedBefore(slot.partitions, slot.order);
}

void Channel::OnAccepted(std::unique_ptr<PendingCall> call, ByteView body, int64_t now) {
  // Released before the callback runs, so that a call made in it finds memory.
  const size_t bytes = call->frame().size();
  ReleaseMemory(bytes);
  const Status accepted = call->Accept(body);
  if (accepted.ok()) return OnExecuted(*call);
  queued_bytes_ += bytes;
  if (accepted.code() == Code::kDamagedInTransit) {
    OnRejected(std::move(call), accepted, {}, now);
  } else {
    OnMalformed(std::move(call), accepted);
  }
}

void Channel::OnMalformed(std::unique_ptr<PendingCall> call, const Status& what) {
  OnExecuted(*call);  // possibly
  const Code code = call->writes() ? Code::kOutcomeUnknown : Code::kProtocolError;
  Finish(std::move(call), Status(code, "the body of the reply is malformed: " + what.message()));
}

void Channel::OnExecuted(const PendingCall& call) {
  if (!held_.empty()) EndRejectedBefore(call.Partitions(), call.order);
}

// Retrying these now would break the order.
void Channel::EndRejectedBefore(const std::vector<uint64_t>& partitions, uint64_t order) {
  if (held_.empty() || partitions.empty()) return;
  for (HeldCalls::Held& held : held_.TakeRejectedBefore(partitions, order)) {
    Finish(std::move(held.call), std::move(held.rejection), held.detail);
  }
}

// The class of the error says whether the call may be retried, and when.
void Channel::OnRejected(std::unique_ptr<PendingCall> call, const Status& status,
                         const ErrorDetail& detail, int64_t now) {
  CHECK(!status.ok());
  if (call->DamagedTooOften(status.code())) return Finish(std::move(call), status, detail);
  int64_t pause_millis = 0;
  switch (status.error_class()) {
    case ErrorClass::kRetryNow:
      pause_millis = backoff_.PauseMillis(call->CountRejection());
      break;
    case ErrorClass::kRetryAfter:
      pause_millis = status.retry_after_ms() + backoff_.PauseMillis(call->CountRejection());
      break;
    case ErrorClass::kOutcomeUnknown:
      if (call->writes() && call->repeatable()) {
        call->maybe_executed = true;
        pause_millis = backoff_.PauseMillis(call->CountRejection());
        break;
      }
      [[fallthrough]];
    default:
      if (MayHaveBeenExecuted(status.code())) OnExecuted(*call);
      return Finish(std::move(call), status, detail);
  }
  const int64_t retry_nanos = now + pause_millis * kNanosPerMilli;
  if (!call->retry() || retry_nanos >= call->deadline_nanos()) {
    return Finish(std::move(call), status, detail);
  }
  TickBy(retry_nanos);
  call->OnInterrupted(status);
  held_.Add(std::move(call), retry_nanos, status, detail);
}

}  // namespace smile
