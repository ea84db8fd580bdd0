#include "server/served_connection.h"

#include <fmt/format.h>

#include <utility>

namespace smile {

ServedConnection::ServedConnection(std::unique_ptr<Transport> transport,
                                   const Session::Shared& shared, const Owner& owner)
    : transport_(std::move(transport)),
      clock_(shared.clock),
      owner_(owner),
      session_(std::make_shared<Session>(shared, [this] { owner_.has_output(this); })),
      last_progress_nanos_(clock_.MonotonicNanos()) {}

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
                                 : !status.ok()            ? status.words()
                                                           : session_->why_ended();
    return fmt::format("client {} \"{}\" ended: {}", transport_->peer(), session_->client_name(),
                       why);
  });
}

void ServedConnection::Flush() {
  if (closing_) return;
  while (session_->has_output()) {
    Bytes output = session_->TakeOutput();
    given_bytes_ += output.size();
    transport_->Send(std::move(output));
    session_->set_unsent_bytes(transport_->unsent_bytes());
  }
  if (session_->finished()) {
    closing_ = true;
    transport_->Close();
    return;
  }
  SetReading(session_->wants_bytes());
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
  const uint64_t taken_bytes = given_bytes_ - unsent_bytes;
  if (unsent_bytes == 0 || taken_bytes != taken_bytes_) {
    taken_bytes_ = taken_bytes;
    last_progress_nanos_ = now_nanos;
  } else if (now_nanos - last_progress_nanos_ >=
             limits::kStalledOutputTimeoutMillis * kNanosPerMilli) {
    return Abort("it takes no replies");
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
  if (!hello_logged_ && session_->greeted()) LogHello();
  // At once, or what the kernel holds would come in this turn still. A full buffer means that there
  // is more: the others come first.
  const bool others_first = bytes.size() >= limits::kReadBufferBytes;
  if (!closing_ && (others_first || !session_->wants_bytes())) SetReading(false);
  owner_.has_output(this);
}

void ServedConnection::OnSent() {
  session_->set_unsent_bytes(transport_->unsent_bytes());
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
