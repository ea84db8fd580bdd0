#include "client/connection.h"

#include <algorithm>
#include <random>

#include "base/check.h"
#include "base/limits.h"

namespace smile {
namespace {

ChannelOptions ForChannel(const ClientOptions& options) {
  return {.name = options.name,
          .max_in_flight = options.max_in_flight,
          .max_queued_bytes = options.max_queued_bytes,
          .first_backoff_millis = options.first_backoff_millis,
          .max_backoff_millis = options.max_backoff_millis,
          .seed = std::random_device()()};
}

}  // namespace

Connection::Connection(EventLoop* loop, const Clock* clock, ClientOptions options,
                       size_t first_server)
    : loop_(loop),
      clock_(clock),
      options_(std::move(options)),
      channel_(ForChannel(options_)),
      backoff_(options_.first_backoff_millis, options_.max_backoff_millis, std::random_device()()),
      server_(first_server % options_.servers.size()) {
  CHECK(Validate(options_).ok(), "the options were validated");
  Connect();
}

Connection::~Connection() {
  EndAll();
}

void Connection::EndAll() {
  *self_ = nullptr;
  reconnect_.reset();
  hello_timeout_.reset();
  tick_.reset();
  transport_.reset();
  channel_.EndAll({Code::kUnavailable, "the client was closed"});
  CHECK(!channel_.has_calls(), "every call is answered before its connection is destroyed");
}

void Connection::Connect() {
  CHECK(transport_ == nullptr && !channel_.ready(), "one connection at a time");
  CHECK(server_ < options_.servers.size());
  closing_ = false;
  attempt_until_nanos_ =
      clock_->MonotonicNanos() + options_.connect_timeout_millis * kNanosPerMilli;
  loop_->ConnectTcp(options_.servers[server_], options_.connect_timeout_millis,
                    [self = self_](Result<std::unique_ptr<Transport>> result) {
                      if (*self != nullptr) (*self)->OnConnected(std::move(result));
                    });
}

void Connection::OnConnected(Result<std::unique_ptr<Transport>> result) {
  if (!result.ok()) {
    Disconnected(result.status());
    return Reconnect(result.status());
  }
  CHECK(transport_ == nullptr && !closing_, "one attempt at a time");
  transport_ = std::move(result).value();
  if (options_.tap) options_.tap(TapEvent::kConnected, {});
  transport_->Start(this);
  channel_.Connected();
  // The time limit includes the time that connecting took.
  const int64_t remaining = (attempt_until_nanos_ - clock_->MonotonicNanos()) / kNanosPerMilli;
  hello_timeout_ = loop_->StartTimer(std::max<int64_t>(remaining, 0), 0, [this] {
    EndConnection({Code::kUnavailable,
                   options_.servers[server_].ToString() + " did not answer HELLO within " +
                       std::to_string(options_.connect_timeout_millis) + " ms"});
  });
}

void Connection::Flush() {
  for (;;) {
    const size_t unsent = transport_ == nullptr || closing_ ? 0 : transport_->unsent_bytes();
    if (!channel_.has_output(unsent)) break;
    Bytes out;
    channel_.Fill(unsent, clock_->MonotonicNanos(), &out);
    if (out.empty()) continue;  // all waiting calls were overdue
    CHECK(transport_ != nullptr && !closing_, "a channel without a connection has nothing to send");
    if (options_.tap) options_.tap(TapEvent::kSent, out);
    transport_->Send(std::move(out));
  }
  if (channel_.next_tick() < tick_at_) ArmTick();
  turn_bytes_ = 0;
}

void Connection::ArmTick() {
  tick_at_ = channel_.next_tick();
  CHECK(tick_at_ != Channel::kNever);
  const int64_t remaining = tick_at_ - clock_->MonotonicNanos();
  tick_ = loop_->StartTimer(std::max<int64_t>(remaining / kNanosPerMilli + 1, 0), 0, [this] {
    tick_at_ = Channel::kNever;
    const Status status = channel_.Tick(clock_->MonotonicNanos());
    if (!status.ok() && transport_ != nullptr && !closing_) EndConnection(status);
    Flush();
  });
}

void Connection::OnBytes(ByteView bytes) {
  if (closing_) return;
  if (options_.tap) options_.tap(TapEvent::kReceived, bytes);
  turn_bytes_ += bytes.size();
  const Status status = channel_.Receive(bytes, clock_->MonotonicNanos());
  if (!status.ok()) return EndConnection(status);
  if (channel_.ready()) hello_timeout_.reset();
}

void Connection::OnSent() {}  // the turn ends with Flush

void Connection::OnEnd() {
  if (!closing_) EndConnection({Code::kUnavailable, "the server closed the connection"});
}

// The channel is told at once, so that it sends nothing more on the connection.
void Connection::EndConnection(const Status& why) {
  CHECK(transport_ != nullptr && !closing_, "a connection ends once");
  closing_ = true;
  end_ = why;
  if (options_.tap) options_.tap(TapEvent::kDisconnected, {});
  hello_timeout_.reset();
  // Close would wait until unsent bytes were sent, which may be never.
  if (transport_->unsent_bytes() == 0) {
    transport_->Close();
  } else {
    transport_->Abort();
  }
  Disconnected(why);
}

void Connection::OnClosed(const Status& status) {
  CHECK(transport_ != nullptr);
  transport_.reset();
  if (!closing_) {
    end_ = status;
    if (options_.tap) options_.tap(TapEvent::kDisconnected, {});
    Disconnected(status);
  }
  Reconnect(end_);
}

// A lost connection is made again to the same address if that has replied to a request: a server
// may answer HELLO and nothing else. After a failed attempt the next address is tried. Calls end
// because of failed attempts only after all addresses have failed.
void Connection::Disconnected(const Status& why) {
  const size_t servers = options_.servers.size();
  if (channel_.ready() && channel_.has_replied()) {
    servers_failed_ = 0;
  } else {
    server_ = (server_ + 1) % servers;
    servers_failed_ = (servers_failed_ + 1) % servers;
  }
  CHECK(server_ < servers && servers_failed_ < servers);
  tries_another_ = servers_failed_ != 0;
  channel_.Disconnected(why, tries_another_);
}

void Connection::Reconnect(const Status& why) {
  hello_timeout_.reset();
  if (tries_another_) return Connect();
  if (channel_.has_replied()) failed_attempts_ = 0;
  const int64_t requested = std::min<int64_t>(why.retry_after_ms(), options_.max_backoff_millis);
  const int64_t pause = requested + backoff_.PauseMillis(failed_attempts_++);
  reconnect_ = loop_->StartTimer(pause, 0, [this] { Connect(); });
}

}  // namespace smile
