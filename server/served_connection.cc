#include "server/served_connection.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"

namespace smile {

ServedConnection::ServedConnection(std::unique_ptr<Transport> transport,
                                   const Session::Shared& shared, const Owner& owner)
    : transport_(std::move(transport)),
      clock_(shared.clock),
      metrics_(shared.metrics),
      owner_(owner),
      session_(std::make_shared<Session>(shared, [this] { owner_.has_output(this); })),
      last_progress_nanos_(clock_.MonotonicNanos()),
      last_empty_nanos_(last_progress_nanos_) {}

void ServedConnection::Start() {
  if (owner_.log != nullptr) {
    owner_.log->Write([this] { return fmt::format("client {} connected", transport_->peer()); });
  }
  transport_->Start(this);
}

void ServedConnection::Abort(std::string_view why) {
  aborted_because_ = why;
  transport_->Abort();
}

void ServedConnection::LogHello() {
  hello_logged_ = true;
  if (owner_.log == nullptr) return;
  owner_.log->Write([this] {
    return fmt::format("client {} is \"{}\"", transport_->peer(), session_->client_name());
  });
}

void ServedConnection::LogEnd(const Status& status) {
  if (owner_.log == nullptr) return;
  owner_.log->Write([&] {
    const std::string_view why = !aborted_because_.empty() ? aborted_because_
                                 : !status.ok()            ? status.message()
                                                           : session_->why_ended();
    return fmt::format("client {} \"{}\" disconnected: {}", transport_->peer(),
                       session_->client_name(), why);
  });
}

size_t ServedConnection::Flush() {
  if (closing_) return 0;
  const uint64_t given_before = given_bytes_;
  bool may_send = true;
  while (may_send && session_->has_output()) {
    OutputPiece output = session_->TakeOutput();
    given_bytes_ += output.size();
    if (output.file.size == 0) {
      transport_->Send(std::move(output.bytes));
    } else {
      transport_->SendFile(std::move(output.bytes), output.file);
      // A client that takes them at once would keep the loop busy with this connection.
      may_send = given_bytes_ - given_before < limits::kTurnSendBytes;
    }
    ReportUnsent();
  }
  if (!may_send) owner_.has_output(this);  // goes on in the next turn
  if (session_->finished()) {
    closing_ = true;
    transport_->Close();
  } else {
    const bool wants_bytes = session_->wants_bytes();
    if (wants_bytes && waits_for_memory_) AwaitTurn();  // many may have got some at the same time
    SetReading(!awaits_read && wants_bytes);
    if (!wants_bytes && session_->is_held_back()) {
      waits_for_memory_ = true;
      owner_.held_back(this);
    }
  }
  return given_bytes_ - given_before;
}

void ServedConnection::AwaitTurn() {
  if (awaits_read) return;
  awaits_read = true;
  owner_.has_more(this);
}

void ServedConnection::ReadOn() {
  CHECK(awaits_read, "its turn comes once");
  awaits_read = false;
  waits_for_memory_ = false;
  session_->GoOn();
  owner_.has_output(this);
}

void ServedConnection::ReportUnsent() {
  session_->set_unsent(transport_->unsent_bytes(), transport_->unsent_memory());
}

bool ServedConnection::GoOn() {
  if (session_->is_held_back() && !session_->can_go_on()) return false;
  AwaitTurn();  // many connections may continue at the same time
  return true;
}

void ServedConnection::SetReading(bool wanted) {
  if (wanted == reading_) return;
  reading_ = wanted;
  if (reading_) {
    transport_->ResumeReading();
  } else {
    transport_->PauseReading();
  }
}

void ServedConnection::Tick(int64_t idle_millis) {
  const int64_t now_nanos = clock_.MonotonicNanos();
  const size_t unsent_bytes = transport_->unsent_bytes();
  CHECK(unsent_bytes <= given_bytes_, "what is unsent was given");
  const uint64_t taken_bytes = given_bytes_ - unsent_bytes;
  CHECK(taken_bytes >= taken_bytes_, "what was sent stays sent");
  drains_slowly_ = unsent_bytes > limits::kSlowDrainSeconds * (taken_bytes - taken_bytes_);
  if (unsent_bytes == 0) last_empty_nanos_ = now_nanos;
  if (unsent_bytes == 0 || taken_bytes != taken_bytes_) {
    taken_bytes_ = taken_bytes;
    last_progress_nanos_ = now_nanos;
  } else if (now_nanos - last_progress_nanos_ >=
             limits::kStalledOutputTimeoutMillis * kNanosPerMilli) {
    metrics_.closed_stalled.Add(1);
    return Abort("received no replies for too long");
  }
  session_->Tick(idle_millis);
  owner_.has_output(this);
}

bool ServedConnection::keeps_memory() const {
  if (held_memory() < session_->memory()->Room()) return false;
  constexpr int64_t kGraceNanos = limits::kShortMemoryGraceMillis * kNanosPerMilli;
  const bool untaken = drains_slowly_ && clock_.MonotonicNanos() - last_empty_nanos_ >= kGraceNanos;
  // With a request in flight, it is the server's turn.
  const bool half_frame =
      session_->requests_in_flight() == 0 && session_->half_frame_nanos() >= kGraceNanos;
  return untaken || half_frame;
}

// An error reply that cannot be sent now would only hold the memory.
void ServedConnection::CloseForMemory() {
  metrics_.closed_memory_pressure.Add(1);
  session_->CloseForMemory();
  if (closing_ || transport_->unsent_bytes() > 0) return Abort("held too much memory");
  owner_.has_output(this);
}

void ServedConnection::Drain() {
  session_->Drain();
  owner_.has_output(this);
}

void ServedConnection::OnBytes(ByteView bytes) {
  const bool others_first = bytes.size() >= owner_.turn->most_read();
  owner_.turn->CountRead(bytes.size());
  session_->Receive(bytes);
  if (!hello_logged_ && session_->greeted()) LogHello();
  if (others_first) AwaitTurn();
  // Now, or the bytes in the kernel would still be read in this turn.
  if (!closing_ && (awaits_read || !session_->wants_bytes())) SetReading(false);
  owner_.has_output(this);
}

void ServedConnection::OnNoRoom() {
  SetReading(false);
  owner_.has_output(this);  // checked again at the end of the turn
}

void ServedConnection::OnSent() {
  ReportUnsent();
  owner_.has_output(this);
}

void ServedConnection::OnEnd() {
  session_->EndOfInput();
  owner_.has_output(this);
}

void ServedConnection::OnClosed(const Status& status) {
  LogEnd(status);
  owner_.closed(this);
}

}  // namespace smile
