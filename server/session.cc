#include "server/session.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "protocol/message.h"
#include "server/lookup_run.h"
#include "server/request_bounds.h"
#include "server/version.h"

namespace smile {
namespace {

// A session without room is not read from, so few arrivals have to be remembered; further bytes
// count as part of the last one.
constexpr size_t kMaxArrivals = 16;

// A new session answers one request of the maximum length.
static_assert(kMaxReplyBytes<op::Get> <= limits::kMinInFlightReplyBytes);
static_assert(limits::kMaxFrameBytesBeforeHello >= kFrameHeaderBytes);

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
  CHECK(arrivals_.empty() || arrivals_.back().end <= received_bytes_, "bytes arrive in order");
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

OutputPiece Session::TakeOutput() {
  const bool is_bulk = output_.next_is_bulk();
  OutputPiece piece = output_.TakeFront();
  if (is_bulk) unsent_bulk_bytes_ += piece.size();
  shared_.metrics.bytes_sent.Add(piece.size());
  return piece;
}

// For another request, after `lookups` that are not answered yet.
bool Session::HasRoomOfItsOwn(size_t lookups) const {
  const size_t small_unsent = unsent_bytes_ - std::min(unsent_bulk_bytes_, unsent_bytes_);
  return open_.size() + lookups < limits::kMaxInFlightRequests &&
         open_bytes_ < limits::kMaxInFlightBytes &&
         open_reply_bytes_ + lookups * kMaxReplyBytes<op::Get> < reply_window_.in_flight_bytes() &&
         output_.other_bytes() + small_unsent < reply_window_.untaken_bytes();
}

// Handles what was received when there was no room.
void Session::PumpBuffered() {
  RunBulk();
  if (reader_.buffered_bytes() == 0) return;
  Pump(shared_.clock.MonotonicNanos());
  reader_.Keep();
  Account();
}

// Works on what has been received, as far as there is room for it.
void Session::Pump(int64_t now_nanos) {
  CHECK(reader_.buffered_bytes() <= received_bytes_, "what is buffered was received");
  work_nanos_ = now_nanos;
  LookupRun run;
  bool begins = frame_nanos_ == 0;  // whether the remaining bytes are the start of a frame
  FrameReader::Event event = FrameReader::Event::kFrame;
  size_t most_lookups = 0;
  while (event == FrameReader::Event::kFrame && !ending_ && (run.size > 0 || HasRoom(0))) {
    Frame frame;
    event = reader_.Next(&frame);
    if (event == FrameReader::Event::kFrame) {
      begins = true;
      frame.arrived_nanos = ArrivalOf(received_bytes_ - reader_.buffered_bytes());
    }
    const bool gathered = event == FrameReader::Event::kFrame && Gather(frame, &run);
    if (gathered && run.size == 1) most_lookups = MostLookups();
    if (gathered && run.size < most_lookups && HasRoomOfItsOwn(run.size)) continue;
    AnswerRun(&run);
    if (event == FrameReader::Event::kFrame && !gathered) HandleFrame(frame);
  }
  AnswerRun(&run);
  CHECK(run.size == 0, "every request of a run was answered or entered");
  if (event == FrameReader::Event::kBroken) Break(reader_.error());
  // An incomplete frame arrives with its last byte.
  if (event == FrameReader::Event::kNeedMore) arrivals_.clear();
  if (begins) BeginFrame(reader_.buffered_bytes() == 0 ? 0 : now_nanos);
}

// Arrival time of the last byte of the frame that ends at this position of the stream.
int64_t Session::ArrivalOf(uint64_t end) const {
  for (const Arrival& arrival : arrivals_) {
    if (arrival.end >= end) return arrival.nanos;
  }
  return received_nanos_;
}

// --- HELLO ---------------------------------------------------------------------------------------

void Session::HandleHello(const Frame& frame) {
  CHECK(!greeted_ && open_.empty(), "no request is accepted before HELLO");
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
  CHECK(max_reply_bytes_ >= limits::kLeastReplyFrameBytes &&
        max_reply_bytes_ <= limits::kMaxFrameBytes);
  reader_.set_max_frame_bytes(limits::kMaxFrameBytes);
  Answer(frame.header.id, output_.replies(), [&](Reply& reply) {
    reply.Ok<op::Hello>({.version = kProtocolVersion,
                         .features = 0,
                         .max_frame_bytes = static_cast<uint32_t>(max_reply_bytes_),
                         .max_in_flight = limits::kMaxInFlightRequests,
                         .max_value_bytes = static_cast<uint32_t>(limits::kMaxValueBytes),
                         .server_name = kServerName});
  });
  reply_window_ = {};  // that it takes this says nothing
}

}  // namespace smile
