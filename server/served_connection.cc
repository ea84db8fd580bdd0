#include "server/served_connection.h"

#include <utility>

namespace smile {

ServedConnection::ServedConnection(std::unique_ptr<Transport> transport,
                                   const Session::Shared& shared, const Owner& owner)
    : transport_(std::move(transport)),
      clock_(shared.clock),
      owner_(owner),
      session_(std::make_shared<Session>(shared, [this] { owner_.has_output(this); })) {}

void ServedConnection::Start() {
  transport_->Start(this);
}

void ServedConnection::Flush() {
  if (closing_) return;
  while (session_->has_output()) {
    if (transport_->unsent_bytes() == 0) last_progress_nanos_ = clock_.MonotonicNanos();
    transport_->Send(session_->TakeOutput());
    session_->set_unsent_bytes(transport_->unsent_bytes());
  }
  if (session_->finished()) {
    closing_ = true;
    transport_->Close();
    return;
  }
  const bool wants_bytes = session_->wants_bytes();
  if (wants_bytes == reading_) return;
  reading_ = wants_bytes;
  if (reading_) {
    transport_->ResumeReading();
  } else {
    transport_->PauseReading();
  }
}

void ServedConnection::Tick(int64_t idle_millis) {
  const int64_t silent_nanos = clock_.MonotonicNanos() - last_progress_nanos_;
  if (transport_->unsent_bytes() > 0 &&
      silent_nanos >= limits::kStalledOutputTimeoutMillis * kNanosPerMilli) {
    return transport_->Abort();
  }
  session_->Tick(idle_millis);
  owner_.has_output(this);
}

void ServedConnection::Drain() {
  session_->Drain();
  owner_.has_output(this);
}

void ServedConnection::OnBytes(ByteView bytes) {
  session_->Receive(bytes);
  owner_.has_output(this);
}

void ServedConnection::OnSent() {
  last_progress_nanos_ = clock_.MonotonicNanos();
  session_->set_unsent_bytes(transport_->unsent_bytes());
  owner_.has_output(this);
}

void ServedConnection::OnEnd() {
  session_->EndOfInput();
  owner_.has_output(this);
}

void ServedConnection::OnClosed(const Status&) {
  owner_.closed(this);
}

}  // namespace smile
