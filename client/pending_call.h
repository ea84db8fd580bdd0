// A call that is not yet answered: its encoded request and its callback. The channel handles calls
// as PendingCall, without the types of their operations; TypedCall knows them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/random_bytes.h"
#include "base/result.h"
#include "client/answer.h"
#include "client/options.h"
#include "protocol/checksums.h"
#include "protocol/codec.h"
#include "protocol/message.h"
#include "protocol/operations.h"
#include "protocol/partitions.h"

namespace smile {

// Belongs to one thread at a time.
class PendingCall {
 public:
  PendingCall(const OperationInfo& operation, int64_t deadline_nanos, const CallOptions& options)
      : repeatable_(options.repeatable),
        operation_(operation),
        deadline_nanos_(deadline_nanos),
        retry_(options.retry),
        any_order_(options.any_order || options.repeatable) {}
  virtual ~PendingCall() { CHECK(answered_, "a call is not destroyed without an answer"); }
  PendingCall(const PendingCall&) = delete;
  PendingCall& operator=(const PendingCall&) = delete;

  const OperationInfo& operation() const { return operation_; }
  bool writes() const { return operation_.effect == Effect::kWrite; }
  int64_t deadline_nanos() const { return deadline_nanos_; }  // monotonic time
  bool retry() const { return retry_; }
  bool any_order() const { return any_order_; }
  // Whether it may be executed more than once: reads, and writes that say so.
  bool repeatable() const { return repeatable_ || !writes(); }
  Bytes& frame() { return frame_; }
  size_t frame_bytes() const { return frame_.size(); }
  // A large request without an order, such as a piece of an upload: others may overtake it.
  bool is_bulk() const { return is_bulk_; }

  // Whether memory was reserved for its frame; see Channel::Admit.
  bool admitted = false;

  // A write of which an earlier attempt may have been executed.
  bool maybe_executed = false;

  // Position among the channel's calls, from 1: lower for earlier calls. See Channel::Add.
  uint64_t order = 0;

  // Hashes of the partitions in which the call has to keep its order, each once, sorted; none for
  // any_order. Decodes the frame, so it is called only when something is to be retried.
  virtual std::vector<uint64_t> Partitions() const = 0;

  // Counts a rejection. Returns the number of earlier ones.
  uint32_t CountRejection() { return rejections_++; }
  void ForgetRejections() { rejections_ = 0; }
  // Counts a rejection with this code. True after so many as kDamagedInTransit that the bytes must
  // have been damaged before they were sent, by this process or by the server.
  bool DamagedTooOften(Code code) {
    return code == Code::kDamagedInTransit && damages_++ >= limits::kMaxDamagedRetries;
  }

  // Identifies a call that may have many replies; 0: it has one.
  virtual uint64_t stream() const { return 0; }
  // Called before each time it is sent.
  virtual void PrepareToSend() {}
  // A reply that others follow. After a failure the connection is to be closed.
  virtual Status AcceptMore(ByteView) {
    return {Code::kProtocolError, "the request has one reply, and another is to follow"};
  }
  // It will be sent again: its connection was lost, or it was rejected for now.
  virtual void OnInterrupted(const Status&) {}

  // Answers the call with the body of a reply whose code is ok, the last one. After a failure,
  // which says what is wrong with the body, the call is not answered yet.
  virtual Status Accept(ByteView body) = 0;

  // Answers the call with a failure. A call is answered exactly once, by this or by Accept.
  virtual void Fail(Status status, const ErrorDetail& detail) = 0;

 protected:
  void SetAnswered() {
    CHECK(!answered_, "a call is answered once");
    answered_ = true;
  }

  Bytes frame_;  // its id and deadline are set when it is sent
  bool is_bulk_ = false;
  bool repeatable_;

 private:
  const OperationInfo& operation_;
  const int64_t deadline_nanos_;
  const bool retry_;
  const bool any_order_;
  bool answered_ = false;
  uint32_t rejections_ = 0;
  uint32_t damages_ = 0;
};

namespace call_internal {

// Encodes `request` with a checksum for each value to write that has none.
template <class Row>
void EncodeWithChecksums(const typename Row::Request& request, Bytes* out) {
  if constexpr (HasChecksums<typename Row::Request>()) {
    typename Row::Request with = request;
    FillChecksums(&with);
    EncodeRequest<Row>(/*id=*/0, /*deadline_ms=*/0, with, out);
  } else {
    EncodeRequest<Row>(/*id=*/0, /*deadline_ms=*/0, request, out);
  }
}

// The frame's checksum was verified. If a value does not match its own checksum, it was damaged in
// the server's memory, after the server verified it. Reading it again may help.
template <class Row>
Status VerifyValues(const typename Row::Response& response) {
  if constexpr (HasChecksums<typename Row::Response>()) {
    if (!ChecksumsMatch(response)) {
      return {Code::kDamagedInTransit, "a value does not match the checksum that came with it"};
    }
  }
  return {};
}

// The answer with the response in `body`, whose bytes are copied.
template <class Row>
Result<Answer<Row>> AnswerOf(ByteView body, bool verify) {
  std::unique_ptr<char[]> owned(new char[body.size()]);
  std::memcpy(owned.get(), body.data(), body.size());
  typename Row::Response response;
  SMILE_TRY(Decode(ByteView(owned.get(), body.size()), &response));
  if (verify) SMILE_TRY(VerifyValues<Row>(response));
  return Answer<Row>(std::move(owned), std::move(response));
}

template <class Row>
bool RequestsValues(const typename Row::Request& request) {
  if constexpr (requires { request.keys_only; }) return !request.keys_only;
  return true;
}

}  // namespace call_internal

template <class Row>
class TypedCall final : public PendingCall {
  static_assert(!std::is_same_v<Row, op::Hello>, "only the channel sends HELLO");

 public:
  using Done = std::function<void(Answer<Row>)>;

  TypedCall(const typename Row::Request& request, int64_t deadline_nanos,
            const CallOptions& options, Done done)
      : PendingCall(Row::kInfo, deadline_nanos, options),
        verify_(call_internal::RequestsValues<Row>(request)),
        done_(std::move(done)) {
    CHECK(done_ != nullptr, "a call needs a callback for its answer");
    Encode(request);
    CHECK(frame_.size() >= kFrameHeaderBytes);
    is_bulk_ = (any_order() || !kNamesPartitions<Row>)&&frame_.size() >= limits::kLeastBulkBytes;
  }

  std::vector<uint64_t> Partitions() const override {
    std::vector<uint64_t> partitions;
    if (any_order()) return partitions;
    typename Row::Request request;
    const Status status = Decode(ByteView(frame_).substr(kFrameHeaderBytes), &request);
    CHECK(status.ok(), "the request was encoded here");
    ForEachPartition<Row>(
        request, [&](const PartitionView& partition) { partitions.push_back(HashOf(partition)); });
    std::sort(partitions.begin(), partitions.end());
    partitions.erase(std::unique(partitions.begin(), partitions.end()), partitions.end());
    return partitions;
  }

  Status Accept(ByteView body) override {
    SMILE_ASSIGN(Answer<Row> answer, call_internal::AnswerOf<Row>(body, verify_));
    SetAnswered();
    done_(std::move(answer));
    return {};
  }

  void Fail(Status status, const ErrorDetail& detail) override {
    CHECK(!status.ok());
    SetAnswered();
    done_(Answer<Row>(std::move(status), detail));
  }

 private:
  // An addition that may be sent again has a token, by which the server knows it again.
  void Encode(const typename Row::Request& request) {
    if constexpr (std::is_same_v<Row, op::Add>) {
      repeatable_ = repeatable_ || retry() || request.token.has_value();
      if (repeatable_ && !request.token.has_value()) {
        const Bytes token = RandomBytes(kAdditionTokenBytes);
        op::Add::Request with = request;
        with.token = token;
        return EncodeRequest<Row>(/*id=*/0, /*deadline_ms=*/0, with, &frame_);
      }
    }
    call_internal::EncodeWithChecksums<Row>(request, &frame_);
  }

  const bool verify_;
  const Done done_;
};

}  // namespace smile
