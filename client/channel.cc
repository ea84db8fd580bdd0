#include "client/channel.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/clock.h"
#include "base/limits.h"
#include "base/result.h"

namespace smile {
namespace {

// HELLO's, and that of the server's last word about a whole connection.
constexpr uint32_t kConnectionId = 0;

// An id is a slot's number and, above it, a count of its uses.
constexpr uint32_t kSlotBits = 16;
constexpr uint32_t kMaxSlots = (uint32_t{1} << kSlotBits) - 1;

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
         (state_ == State::kReady && !waiting_.empty() && in_flight_ < max_in_flight_);
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
  while (state_ == State::kReady && !waiting_.empty() && in_flight_ < max_in_flight_ &&
         out->size() < room) {
    std::unique_ptr<OpenCall> call = std::move(waiting_.front());
    waiting_.pop_front();
    if (call->deadline_nanos() <= now) {
      ended.push_back({std::move(call), OverdueBeforeSent()});
      continue;
    }
    if (call->frame().size() > max_frame_bytes_) {
      Status status(Code::kTooLarge, "the request has " + std::to_string(call->frame().size()) +
                                         " bytes, the server takes " +
                                         std::to_string(max_frame_bytes_));
      ended.push_back({std::move(call), std::move(status)});
      continue;
    }
    if (in_flight_ == 0) {
      quiet_since_ = now;
      WakeBy(SilentUntil());
    }
    OpenCall& sent = *call;
    RestampFrame(&sent.frame(), TakeSlot(std::move(call)), MillisLeft(sent, now));
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
  if (event == FrameReader::Event::kBroken) return NotTheProtocol(reader_.error().words());
  reader_.Keep();
  return {};
}

Status Channel::OnFrame(const Frame& frame, int64_t now) {
  if (frame.header.flags != kFlagReply) return NotTheProtocol("a frame that is no reply");
  const bool ok = frame.header.code == static_cast<uint8_t>(Code::kOk);
  ErrorDetail detail;
  const Status status = ok ? Status() : DecodeError(frame, &detail);
  if (frame.header.id == kConnectionId) return ok ? OnHello(frame) : status;
  Slot* const slot = FindSlot(frame.header.id);
  if (slot == nullptr) {
    return NotTheProtocol("a reply to a request that was not sent, with id " +
                          std::to_string(frame.header.id));
  }
  useful_ = true;
  std::unique_ptr<OpenCall> call = std::move(slot->call);
  FreeSlot(slot);
  if (call == nullptr) return {};  // it ended before, by its deadline
  if (!ok) {
    OnRefusal(std::move(call), status, detail, now);
    return {};
  }
  // Given back before the answer, so that a call made from within it finds room.
  const size_t bytes = call->frame().size();
  open_bytes_ -= bytes;
  const Status accepted = call->Accept(frame.body);
  if (accepted.ok()) return {};
  open_bytes_ += bytes;
  if (accepted.code() == Code::kDamagedInTransit) {
    OnRefusal(std::move(call), accepted, {}, now);
  } else {
    const std::string words = "the body of its answer is malformed: " + accepted.words();
    const Code code = call->writes() ? Code::kOutcomeUnknown : Code::kProtocolError;
    Finish(std::move(call), Status(code, words));
  }
  return {};
}

Status Channel::OnHello(const Frame& frame) {
  if (state_ != State::kHelloSent) return NotTheProtocol("an answer to no HELLO");
  op::Hello::Response hello;
  if (const Status status = Decode(frame.body, &hello); !status.ok()) {
    return NotTheProtocol("a malformed answer to HELLO: " + status.words());
  }
  if (hello.version != kProtocolVersion) {
    return {Code::kUnsupported, "the server wants to speak version " +
                                    std::to_string(hello.version) + " of the protocol"};
  }
  max_frame_bytes_ = hello.max_frame_bytes;
  max_in_flight_ = std::min({std::max(hello.max_in_flight, 1u), options_.max_in_flight, kMaxSlots});
  reader_.set_max_frame_bytes(std::min<size_t>(
      limits::kMaxFrameBytes, std::max<size_t>(max_frame_bytes_, kFrameHeaderBytes)));
  state_ = State::kReady;
  last_failure_ = {};
  return {};
}

// Nothing took effect: the class of the error says whether, and when, it may be tried again.
void Channel::OnRefusal(std::unique_ptr<OpenCall> call, const Status& status,
                        const ErrorDetail& detail, int64_t now) {
  int64_t pause_millis = 0;
  switch (status.error_class()) {
    case ErrorClass::kRetryNow:
      pause_millis = backoff_.PauseMillis(call->CountRefusal());
      break;
    case ErrorClass::kRetryAfter:
      pause_millis = status.retry_after_ms() + backoff_.PauseMillis(call->CountRefusal());
      break;
    default:
      return Finish(std::move(call), status, detail);
  }
  const int64_t again = now + pause_millis * kNanosPerMilli;
  if (!call->retry() || again >= call->deadline_nanos()) {
    return Finish(std::move(call), status, detail);
  }
  WakeBy(again);
  delayed_.push_back({std::move(call), again});
}

void Channel::Disconnected(const Status& why) {
  const bool was_ready = state_ == State::kReady;
  state_ = State::kDisconnected;
  last_failure_ = why;
  std::vector<Ended> ended;
  std::vector<std::unique_ptr<OpenCall>> again;
  for (Slot& slot : slots_) {
    if (slot.call == nullptr) continue;
    if (slot.call->writes() || !slot.call->retry()) {
      Status status = LostAnswer(*slot.call, why.words());
      ended.push_back({std::move(slot.call), std::move(status)});
    } else {
      again.push_back(std::move(slot.call));
    }
  }
  ClearSlots();
  waiting_.insert(waiting_.begin(), std::make_move_iterator(again.begin()),
                  std::make_move_iterator(again.end()));
  // A server that refuses this client as such will refuse it again; one that could not be reached,
  // or said nothing sensible, may be there soon.
  const bool refused =
      !was_ready && why.error_class() == ErrorClass::kNever && why.code() != Code::kProtocolError;
  for (std::unique_ptr<OpenCall>& call : waiting_) {
    if (refused) {
      ended.push_back({std::move(call), why});
    } else if (!was_ready && !call->retry()) {
      ended.push_back({std::move(call), Status(Code::kUnavailable, why.words())});
    }
  }
  std::erase(waiting_, nullptr);
  FinishAll(std::move(ended));
}

int64_t Channel::SilentUntil() const {
  return quiet_since_ + limits::kSilentServerMillis * kNanosPerMilli;
}

Status Channel::Tick(int64_t now) {
  if (now < next_tick_) return {};
  std::vector<Ended> ended;
  int64_t earliest = in_flight_ > 0 ? SilentUntil() : kNever;
  const bool silent = earliest <= now;
  const auto overdue = [&](const OpenCall& call) {
    if (call.deadline_nanos() <= now) return true;
    earliest = std::min(earliest, call.deadline_nanos());
    return false;
  };
  for (Slot& slot : slots_) {
    if (slot.call == nullptr || !overdue(*slot.call)) continue;
    Status status = OverdueInFlight(*slot.call);
    ended.push_back({std::move(slot.call), std::move(status)});
  }
  for (std::unique_ptr<OpenCall>& call : waiting_) {
    if (overdue(*call)) ended.push_back({std::move(call), OverdueBeforeSent()});
  }
  std::erase(waiting_, nullptr);
  for (Delayed& delayed : delayed_) {
    if (delayed.not_before > now) {  // which is before its deadline
      earliest = std::min(earliest, delayed.not_before);
    } else if (overdue(*delayed.call)) {
      ended.push_back({std::move(delayed.call), OverdueBeforeSent()});
    } else {
      waiting_.push_front(std::move(delayed.call));
    }
  }
  std::erase_if(delayed_, [](const Delayed& delayed) { return delayed.call == nullptr; });
  next_tick_ = earliest == kNever ? kNever : std::max(earliest, now + kTickNanos);
  FinishAll(std::move(ended));
  if (!silent) return {};
  return {Code::kUnavailable, "the server owes answers and has been silent for too long"};
}

void Channel::EndAll(const Status& why) {
  state_ = State::kDisconnected;
  while (has_calls()) {  // an answer may make further calls
    std::vector<Ended> ended;
    TakeRefused(&ended);
    for (Slot& slot : slots_) {
      if (slot.call == nullptr) continue;
      Status status = slot.call->writes() ? LostAnswer(*slot.call, why.words()) : why;
      ended.push_back({std::move(slot.call), std::move(status)});
    }
    ClearSlots();
    for (auto& call : std::exchange(waiting_, {})) ended.push_back({std::move(call), why});
    for (auto& delayed : std::exchange(delayed_, {})) {
      ended.push_back({std::move(delayed.call), why});
    }
    CHECK(!ended.empty(), "a call was admitted that was not added");
    FinishAll(std::move(ended));
  }
}

Channel::Slot* Channel::FindSlot(uint32_t id) {
  const uint32_t number = (id & kMaxSlots) - 1;  // 0 wraps to more slots than there are
  if (number >= slots_.size() || slots_[number].id != id) return nullptr;
  return &slots_[number];
}

uint32_t Channel::TakeSlot(std::unique_ptr<OpenCall> call) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t number = free_slots_.back();
  free_slots_.pop_back();
  ++in_flight_;
  Slot& slot = slots_[number];
  slot.id = (slot.uses++ << kSlotBits) | (number + 1);
  slot.call = std::move(call);
  return slot.id;
}

void Channel::FreeSlot(Slot* slot) {
  slot->id = 0;
  --in_flight_;
  free_slots_.push_back(static_cast<uint32_t>(slot - slots_.data()));
}

void Channel::ClearSlots() {
  slots_.clear();
  free_slots_.clear();
  in_flight_ = 0;
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
  return {Code::kUnavailable, last_failure_.ok() ? "there was no connection to the server in time"
                                                 : last_failure_.words()};
}

}  // namespace smile
