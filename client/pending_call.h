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
#include "base/hash.h"
#include "base/limits.h"
#include "base/result.h"
#include "client/answer.h"
#include "client/options.h"
#include "protocol/codec.h"
#include "protocol/message.h"
#include "protocol/operations.h"
#include "protocol/partitions.h"

namespace smile {

// Belongs to one thread at a time.
class PendingCall {
 public:
  PendingCall(const OperationInfo& operation, int64_t deadline_nanos, const CallOptions& options)
      : operation_(operation),
        deadline_nanos_(deadline_nanos),
        retry_(options.retry),
        any_order_(options.any_order || options.repeatable),
        repeatable_(options.repeatable) {}
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
  // Counts a rejection with this code. True after so many as kDamagedInTransit that the bytes must
  // have been damaged before they were sent, by this process or by the server.
  bool DamagedTooOften(Code code) {
    return code == Code::kDamagedInTransit && damages_++ >= limits::kMaxDamagedRetries;
  }

  // Answers the call with the body of a reply whose code is ok. After a failure, which says what is
  // wrong with the body, the call is not answered yet.
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

 private:
  const OperationInfo& operation_;
  const int64_t deadline_nanos_;
  const bool retry_;
  const bool any_order_;
  const bool repeatable_;
  bool answered_ = false;
  uint32_t rejections_ = 0;
  uint32_t damages_ = 0;
};

namespace call_internal {

// The frame's checksum was verified. If a value does not match its own checksum, it was damaged in
// the server's memory, after the server verified it. Reading it again may help.
inline Status VerifyRecord(const RecordView& record) {
  if (Hash64(record.value) == record.checksum) return {};
  return {Code::kDamagedInTransit, "a value does not match the checksum that came with it"};
}

template <class Row>
Status VerifyValues(const typename Row::Response&) {
  return {};
}
template <>
inline Status VerifyValues<op::Get>(const op::Get::Response& response) {
  return VerifyRecord(response.record);
}
template <>
inline Status VerifyValues<op::MGet>(const op::MGet::Response& response) {
  for (const auto& result : response.results) {
    if (result.outcome == KeyOutcome::kFound) SMILE_TRY(VerifyRecord(result.record));
  }
  return {};
}
template <>
inline Status VerifyValues<op::Scan>(const op::Scan::Response& response) {
  for (const auto& entry : response.entries) {
    if (entry.outcome == EntryOutcome::kFound) SMILE_TRY(VerifyRecord(entry.record));
  }
  return {};
}

template <>
inline Status VerifyValues<op::Feed>(const op::Feed::Response& response) {
  for (const auto& entry : response.entries) {
    if (entry.outcome == EntryOutcome::kFound) SMILE_TRY(VerifyRecord(entry.record));
  }
  return {};
}
template <>
inline Status VerifyValues<op::MediaRead>(const op::MediaRead::Response& response) {
  return VerifyRecord({.checksum = response.checksum, .value = response.bytes});
}

// Encodes `request` with a checksum for each value to write that has none. (A value whose checksum
// is 0 has it computed again, with the same result.)
template <class Row>
void EncodeWithChecksums(const typename Row::Request& request, Bytes* out) {
  EncodeRequest<Row>(/*id=*/0, /*deadline_ms=*/0, request, out);
}
template <>
inline void EncodeWithChecksums<op::Put>(const op::Put::Request& request, Bytes* out) {
  op::Put::Request with = request;
  if (with.checksum == 0) with.checksum = Hash64(with.value);
  EncodeRequest<op::Put>(/*id=*/0, /*deadline_ms=*/0, with, out);
}
template <>
inline void EncodeWithChecksums<op::LoginRegister>(const op::LoginRegister::Request& request,
                                                   Bytes* out) {
  op::LoginRegister::Request with = request;
  for (op::FirstRecord& record : with.records) {
    if (record.checksum == 0) record.checksum = Hash64(record.value);
  }
  EncodeRequest<op::LoginRegister>(/*id=*/0, /*deadline_ms=*/0, with, out);
}
template <>
inline void EncodeWithChecksums<op::MediaPut>(const op::MediaPut::Request& request, Bytes* out) {
  op::MediaPut::Request with = request;
  if (with.checksum == 0) with.checksum = Hash64(with.bytes);
  EncodeRequest<op::MediaPut>(/*id=*/0, /*deadline_ms=*/0, with, out);
}
template <>
inline void EncodeWithChecksums<op::MediaAppend>(const op::MediaAppend::Request& request,
                                                 Bytes* out) {
  op::MediaAppend::Request with = request;
  if (with.checksum == 0) with.checksum = Hash64(with.bytes);
  EncodeRequest<op::MediaAppend>(/*id=*/0, /*deadline_ms=*/0, with, out);
}
template <>
inline void EncodeWithChecksums<op::Batch>(const op::Batch::Request& request, Bytes* out) {
  op::Batch::Request with = request;
  for (op::BatchItem& item : with.items) {
    if (item.kind == MutationKind::kPut && item.checksum == 0) item.checksum = Hash64(item.value);
  }
  EncodeRequest<op::Batch>(/*id=*/0, /*deadline_ms=*/0, with, out);
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
    call_internal::EncodeWithChecksums<Row>(request, &frame_);
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
    std::unique_ptr<char[]> owned(new char[body.size()]);
    std::memcpy(owned.get(), body.data(), body.size());
    typename Row::Response response;
    SMILE_TRY(Decode(ByteView(owned.get(), body.size()), &response));
    if (verify_) SMILE_TRY(call_internal::VerifyValues<Row>(response));
    SetAnswered();
    done_(Answer<Row>(std::move(owned), std::move(response)));
    return {};
  }

  void Fail(Status status, const ErrorDetail& detail) override {
    CHECK(!status.ok());
    SetAnswered();
    done_(Answer<Row>(std::move(status), detail));
  }

 private:
  const bool verify_;
  const Done done_;
};

}  // namespace smile
