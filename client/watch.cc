#include "client/watch.h"

#include <utility>

#include "base/check.h"
#include "client/channel.h"
#include "client/watch_call.h"

namespace smile {

Watch::Watch(std::shared_ptr<Shared> shared, std::function<void()> cancel)
    : shared_(std::move(shared)), cancel_(std::move(cancel)) {}

Watch::~Watch() {
  shared_->Leave();
  cancel_();
}

void Watch::Shared::Event(Answer<op::Watch> answer) {
  const std::lock_guard lock(mutex_);
  if (left_) return;
  callbacks_.event(std::move(answer));
}

void Watch::Shared::Interrupted(const Status& why) {
  const std::lock_guard lock(mutex_);
  if (!left_ && callbacks_.interrupted != nullptr) callbacks_.interrupted(why);
}

void Watch::Shared::Ended(const Status& why) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(left_, true) && callbacks_.ended != nullptr) callbacks_.ended(why);
}

void Watch::Shared::Leave() {
  const std::lock_guard lock(mutex_);
  left_ = true;
}

WatchCall::WatchCall(const op::Watch::Request& request, uint64_t stream,
                     std::shared_ptr<Watch::Shared> shared)
    : PendingCall(op::Watch::kInfo, Channel::kNever, {.any_order = true}),
      stream_(stream),
      shared_(std::move(shared)),
      version_(request.after) {
  CHECK(stream_ != 0);
  EncodeRequest<op::Watch>(/*id=*/0, /*deadline_ms=*/0, request, &frame_);
}

void WatchCall::PrepareToSend() {
  op::Watch::Request request;
  CHECK(Decode(ByteView(frame_).substr(kFrameHeaderBytes), &request).ok(), "it was encoded here");
  if (request.after == version_) return;
  request.after = version_;
  Bytes frame;
  EncodeRequest<op::Watch>(/*id=*/0, /*deadline_ms=*/0, request, &frame);
  CHECK(frame.size() == frame_.size(), "the memory that was reserved is right");
  frame_ = std::move(frame);
}

Status WatchCall::AcceptMore(ByteView body) {
  SMILE_ASSIGN(Answer<op::Watch> answer, call_internal::AnswerOf<op::Watch>(body, /*verify=*/true));
  const op::Watch::Response& message = *answer;
  const bool needs_key =
      message.event == WatchedEvent::kPut || message.event == WatchedEvent::kDelete;
  if (message.event == WatchedEvent::kEnded || needs_key != message.key.has_value()) {
    return {Code::kProtocolError, "the message of a watch is incomplete"};
  }
  ForgetRejections();
  version_ = message.version;
  shared_->Event(std::move(answer));
  return {};
}

void WatchCall::OnInterrupted(const Status& why) {
  shared_->Interrupted(why);
}

// The server has ended the watch, which it does only if it was asked to.
Status WatchCall::Accept(ByteView body) {
  op::Watch::Response message;
  SMILE_TRY(Decode(body, &message));
  SetAnswered();
  shared_->Ended({Code::kCancelled, "the watch was cancelled"});
  return {};
}

void WatchCall::Fail(Status status, const ErrorDetail&) {
  CHECK(!status.ok());
  SetAnswered();
  shared_->Ended(status);
}

}  // namespace smile
