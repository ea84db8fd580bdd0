#include "server/session.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "protocol/dispatch.h"
#include "protocol/partitions.h"
#include "server/get_run.h"
#include "server/version.h"

namespace smile {
namespace {

// Maximum length of the reply to a read. A SCAN or LIST has keys in addition to values.
template <class Row>
constexpr size_t kReplyBytes =
    std::is_same_v<Row, op::Scan> || std::is_same_v<Row, op::List> ? limits::kMaxFrameBytes
                                                                   : limits::kMaxReplyValueBytes;

// A session without room is not read from, so few arrivals have to be remembered; further bytes
// count as part of the last one.
constexpr size_t kMaxArrivals = 16;
// Memory of a request in flight, including copies of keys, and items that refer to its bytes.
template <class Row>
size_t MemoryOf(const Frame& frame, const typename Row::Request& request) {
  size_t bytes = limits::kOpenRequestBytes + AllocatedBytes(frame.bytes.size());
  if constexpr (requires { request.keys; }) {
    constexpr size_t kParts = 128;  // partition and sort key have memory of their own
    bytes += request.keys.size() * (sizeof(Key) + kParts);
  }
  if constexpr (requires { request.items; }) bytes += request.items.size() * sizeof(MutationView);
  return bytes;
}

template <class Row>
std::vector<uint64_t> PartitionsOf(const typename Row::Request& request) {
  std::vector<uint64_t> partitions;
  ForEachPartition<Row>(
      request, [&](const PartitionView& partition) { partitions.push_back(HashOf(partition)); });
  std::sort(partitions.begin(), partitions.end());
  partitions.erase(std::unique(partitions.begin(), partitions.end()), partitions.end());
  return partitions;
}

}  // namespace

Session::Session(const Shared& shared, std::function<void()> on_output)
    : shared_(shared),
      on_output_(std::move(on_output)),
      reader_(limits::kMaxFrameBytesBeforeHello),
      account_(std::make_shared<MemoryAccount>(&shared.memory.budget())),
      connected_nanos_(shared.clock.MonotonicNanos()),
      last_active_nanos_(connected_nanos_),
      received_nanos_(connected_nanos_),
      work_nanos_(connected_nanos_),
      tick_nanos_(connected_nanos_) {}

// --- Bytes ---------------------------------------------------------------------------------------

void Session::Receive(ByteView bytes) {
  shared_.metrics.bytes_received.Add(bytes.size());
  if (ending_) return;
  received_nanos_ = shared_.clock.MonotonicNanos();
  last_active_nanos_ = received_nanos_;
  received_bytes_ += bytes.size();
  if (arrivals_.size() < kMaxArrivals) {
    arrivals_.push_back({received_bytes_, received_nanos_});
  } else {
    arrivals_.back().end = received_bytes_;
  }
  // A buffer that is rounded up by a quarter has to fit, too.
  const size_t most = (taken_.input + account_->Room()) / 4 * 3;
  const size_t needed = taken_.input + bytes.size();
  reader_.Feed(bytes, most > needed ? most - needed : 0);
  Pump(received_nanos_);
  reader_.Keep();
  Account();
}

Bytes Session::TakeOutput() {
  Bytes piece = output_.TakeFront();
  shared_.metrics.bytes_sent.Add(piece.size());
  return piece;
}

// For another request, after `gets` that are not answered yet.
bool Session::HasRoomOfItsOwn(size_t gets) const {
  return open_.size() + gets < limits::kMaxInFlightRequests &&
         open_bytes_ < limits::kMaxInFlightBytes &&
         open_reply_bytes_ + gets * kReplyBytes<op::Get> < reply_window_.in_flight_bytes() &&
         output_.size() + unsent_bytes_ < reply_window_.untaken_bytes();
}

// Handles bytes that were received when there was no room.
void Session::PumpBuffered() {
  if (reader_.buffered_bytes() == 0) return;
  Pump(shared_.clock.MonotonicNanos());
  reader_.Keep();
  Account();
}

// Works on what has been received, as far as there is room for it.
void Session::Pump(int64_t now_nanos) {
  work_nanos_ = now_nanos;
  GetRun gets;
  bool begins = frame_nanos_ == 0;  // whether the remaining bytes are the start of a frame
  FrameReader::Event event = FrameReader::Event::kFrame;
  size_t most_gets = 0;
  while (event == FrameReader::Event::kFrame && !ending_ && (gets.size > 0 || HasRoom(0))) {
    Frame frame;
    event = reader_.Next(&frame);
    if (event == FrameReader::Event::kFrame) {
      begins = true;
      frame.arrived_nanos = ArrivalOf(received_bytes_ - reader_.buffered_bytes());
    }
    const bool gathered = event == FrameReader::Event::kFrame && Gather(frame, &gets);
    if (gathered && gets.size == 1) most_gets = MostGets();
    if (gathered && gets.size < most_gets && HasRoomOfItsOwn(gets.size)) continue;
    AnswerGets(&gets);
    if (event == FrameReader::Event::kFrame && !gathered) HandleFrame(frame);
  }
  AnswerGets(&gets);
  if (event == FrameReader::Event::kBroken) Break(reader_.error());
  // An incomplete frame arrives with its last byte.
  if (event == FrameReader::Event::kNeedMore) arrivals_.clear();
  if (begins) BeginFrame(reader_.buffered_bytes() == 0 ? 0 : now_nanos);
}

// --- Requests ------------------------------------------------------------------------------------

void Session::HandleFrame(const Frame& frame) {
  if (frame.header.flags != 0) {
    return Break({Code::kProtocolError, "flags of a request are set; there are none in version 1"});
  }
  if (!greeted_) return HandleHello(frame);
  if (draining_) return Refuse(frame.header.id, {Code::kShuttingDown, "the server is stopping"});
  shared_.metrics.requests[frame.header.code].Add(1);
  const auto take = [&]<class Row>(Row, typename Row::Request& request) {
    if constexpr (std::is_same_v<Row, op::Hello>) {
      Refuse(frame.header.id, {Code::kInvalid, "HELLO was already sent on this connection"});
    } else {
      Take<Row>(frame, request);
    }
  };
  const Status status = Dispatch<Operations>(frame.header.code, frame.body, take);
  if (!status.ok()) Refuse(frame.header.id, status);
}

void Session::HandleHello(const Frame& frame) {
  if (frame.header.code != op::Hello::kInfo.code) {
    return Break({Code::kProtocolError, "the first frame is not HELLO"});
  }
  op::Hello::Request hello;
  if (Status status = Decode(frame.body, &hello); !status.ok()) return Break(status);
  if (hello.magic != kHelloMagic) {
    return Break({Code::kProtocolError,
                  "the magic number in HELLO is not \"SMIL\": this is not Smile's protocol"});
  }
  if (hello.first_version > kProtocolVersion || hello.last_version < kProtocolVersion) {
    return Break(
        {Code::kUnsupported,
         fmt::format("no common protocol version: this server supports {}, the client {} to {}",
                     kProtocolVersion, hello.first_version, hello.last_version)});
  }
  if (hello.max_frame_bytes != 0 && hello.max_frame_bytes < limits::kLeastReplyFrameBytes) {
    return Break(
        {Code::kInvalid, fmt::format("max_frame_bytes is {}; it must be 0 or at least {}",
                                     hello.max_frame_bytes, limits::kLeastReplyFrameBytes)});
  }
  if (hello.client_name.value_or(ByteView()).size() > limits::kMaxClientNameBytes) {
    return Break({Code::kTooLarge,
                  fmt::format("client_name has more than {} bytes", limits::kMaxClientNameBytes)});
  }
  greeted_ = true;
  client_name_ = hello.client_name.value_or(ByteView());
  shared_.metrics.requests[op::Hello::kInfo.code].Add(1);
  if (hello.max_frame_bytes != 0) {
    max_reply_bytes_ = std::min<size_t>(hello.max_frame_bytes, limits::kMaxFrameBytes);
  }
  reader_.set_max_frame_bytes(limits::kMaxFrameBytes);
  Answer(frame.header.id, &output_, [&](Reply& reply) {
    reply.Ok<op::Hello>({.version = kProtocolVersion,
                         .features = 0,
                         .max_frame_bytes = static_cast<uint32_t>(max_reply_bytes_),
                         .max_in_flight = limits::kMaxInFlightRequests,
                         .max_value_bytes = static_cast<uint32_t>(limits::kMaxValueBytes),
                         .server_name = kServerName});
  });
  reply_window_ = {};  // that it takes this says nothing
}

// An id is not used again before its request is answered.
bool Session::RefuseIfOpen(uint32_t id) {
  if (open_.empty() || !open_.contains(id)) return false;
  Refuse(id, {Code::kInvalid, fmt::format("id {} is in use by a request in flight", id)});
  return true;
}

// Whether nothing is in flight on any of its partitions.
template <class Row>
bool Session::IsFree(const typename Row::Request& request) const {
  bool free = true;
  if (order_.empty()) return free;
  ForEachPartition<Row>(request, [&](const PartitionView& partition) {
    free = free && order_.IsFree(HashOf(partition));
  });
  return free;
}

template <class Row>
void Session::Take(const Frame& frame, const typename Row::Request& request) {
  const uint32_t id = frame.header.id;
  if (RefuseIfOpen(id)) return;
  if (Status status = shared_.handlers.Check(Row{}, request); !status.ok()) {
    return Refuse(id, status);
  }
  const int64_t deadline_nanos = DeadlineOf(frame);
  if (deadline_nanos != 0 && work_nanos_ >= deadline_nanos) {
    return Refuse(
        id, {Code::kDeadlineExceeded, "the deadline passed while the request waited to be read"});
  }
  KnownResults known;
  if (IsFree<Row>(request)) {
    Reply reply(id, max_reply_bytes_, account_.get(), &output_);
    if (shared_.handlers.TryNow(Row{}, request, &reply, &known)) return CountReply(reply);
  }
  Enter<Row>(frame, request, std::move(known));
}

// Accepts a request that could not be answered at once.
template <class Row>
void Session::Enter(const Frame& frame, const typename Row::Request& request, KnownResults known) {
  Open* const open = OpenRequest(frame);
  const auto access = Row::kInfo.effect == Effect::kWrite ? PartitionOrder::Access::kWrite
                                                          : PartitionOrder::Access::kRead;
  if (access == PartitionOrder::Access::kRead) open->reply_bytes = kReplyBytes<Row>;
  open_reply_bytes_ += open->reply_bytes;
  open->memory = MemoryOf<Row>(frame, request);
  open_memory_ += open->memory;
  if (open_memory_ >= taken_.requests + limits::kLeastLargeValueBytes) Account();
  if (!order_.Enter(open, access, PartitionsOf<Row>(request))) {
    open->waiting_body = frame.body;
  } else {
    Start<Row>(open, request, std::move(known));
  }
}

// For session_gets.cc.
template bool Session::IsFree<op::Get>(const op::Get::Request&) const;
template void Session::Take<op::Get>(const Frame&, const op::Get::Request&);
template void Session::Enter<op::Get>(const Frame&, const op::Get::Request&, KnownResults);

Session::Open* Session::OpenRequest(const Frame& frame) {
  const auto [at, is_new] = open_.try_emplace(frame.header.id);
  CHECK(is_new, "an id belongs to one request in flight");
  Open* const open = &at->second;
  open->id = frame.header.id;
  open->code = frame.header.code;
  open->deadline_nanos = DeadlineOf(frame);
  open->bytes = frame.bytes.size();
  open_bytes_ += open->bytes;
  shared_.metrics.requests_open.Add(1);
  return open;
}

// Arrival time of the last byte of the frame that ends at this position of the stream.
int64_t Session::ArrivalOf(uint64_t end) const {
  for (const Arrival& arrival : arrivals_) {
    if (arrival.end >= end) return arrival.nanos;
  }
  return received_nanos_;
}

int64_t Session::DeadlineOf(const Frame& frame) {
  if (frame.header.deadline_ms == 0) return 0;
  return frame.arrived_nanos + frame.header.deadline_ms * kNanosPerMilli;
}

// Executes a request that may run now.
template <class Row>
void Session::Run(Open* open, const typename Row::Request& request) {
  KnownResults known;
  Reply reply(open->id, max_reply_bytes_, account_.get(), OutputOf(open));
  if (shared_.handlers.TryNow(Row{}, request, &reply, &known)) {
    CountReply(reply);
    return Settle(open);
  }
  Start<Row>(open, request, std::move(known));
}

template <class Row>
void Session::Start(Open* open, const typename Row::Request& request, KnownResults known) {
  CHECK(!open->in_engine && open->lanes_not_granted == 0 && !open->finished);
  open->in_engine = true;
  shared_.handlers.Start(
      Row{}, request, std::move(known), open->deadline_nanos,
      Responder(weak_from_this(), reinterpret_cast<uintptr_t>(this), caller_, &shared_.post,
                &shared_.memory, static_cast<uint32_t>(open->memory), open->id));
}

// Executes requests that waited for others. In a loop, not recursively: each may be answered at
// once and free the next.
void Session::RunFreed() {
  if (running_freed_) return;
  running_freed_ = true;
  for (size_t i = 0; i < freed_.size(); ++i) RunWaiting(freed_[i]);
  freed_.clear();
  running_freed_ = false;
}

void Session::RunWaiting(Open* open) {
  if (open->deadline_nanos != 0 && shared_.clock.MonotonicNanos() >= open->deadline_nanos) {
    return Finish(open, [](Reply& reply) {
      reply.Fail({Code::kDeadlineExceeded,
                  "the deadline passed while the request waited for its partition"});
    });
  }
  const Bytes body = std::move(open->waiting_body);
  const auto run = [&]<class Row>(Row, typename Row::Request& request) {
    if constexpr (!std::is_same_v<Row, op::Hello>) Run<Row>(open, request);
  };
  const Status status = Dispatch<Operations>(open->code, body, run);
  CHECK(status.ok(), "the body was decoded once already");
}

// --- Replies -------------------------------------------------------------------------------------

void Session::Complete(uint32_t id, FunctionRef<void(Reply&)> answer) {
  const auto found = open_.find(id);
  CHECK(found != open_.end(), "a request is completed once");
  CHECK(found->second.in_engine);
  found->second.in_engine = false;
  Finish(&found->second, answer);
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
  return open->lanes_not_first == 0 ? &output_ : &open->held_reply;
}

// After the reply to `open`: releases what waited for it. `open` may be destroyed.
void Session::Settle(Open* open) {
  held_reply_memory_ += open->held_reply.memory();
  const PartitionOrder::Freed& freed = order_.Finish(open);
  for (PartitionOrder::Entry* entry : freed.leave) {
    Open* const left = static_cast<Open*>(entry);
    held_reply_memory_ -= left->held_reply.memory();
    open_memory_ -= left->memory;
    output_.Append(std::move(left->held_reply));
    open_bytes_ -= left->bytes;
    open_reply_bytes_ -= left->reply_bytes;
    shared_.metrics.requests_open.Subtract(1);
    open_.erase(left->id);
  }
  CHECK(!open_.empty() || (open_bytes_ == 0 && open_reply_bytes_ == 0 && open_memory_ == 0 &&
                           held_reply_memory_ == 0),
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
  CHECK(reply.written());
  reply_window_.OnReply(output_.size() + unsent_bytes_);
  shared_.metrics.replies[static_cast<size_t>(reply.code())].Add(1);
  if (output_.size() + unsent_bytes_ >= taken_.replies + limits::kLeastLargeValueBytes) Account();
}

void Session::Refuse(uint32_t id, const Status& status) {
  Answer(id, &output_, [&](Reply& reply) { reply.Fail(status); });
}

// Neither the stream nor its ids can be trusted any more: one error reply, then the end.
void Session::Break(const Status& status) {
  Refuse(0, status);
  shared_.metrics.closed_broken.Add(1);
  End(status.message());
}

}  // namespace smile
