// One call in flight: its encoded request, and whom to answer. The channel handles calls through
// OpenCall, without the types of their operations; TypedCall puts the types back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
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

class OpenCall {
 public:
  OpenCall(const OperationInfo& operation, int64_t deadline_nanos, const CallOptions& options)
      : operation_(operation),
        deadline_nanos_(deadline_nanos),
        retry_(options.retry),
        any_order_(options.any_order) {}
  virtual ~OpenCall() = default;
  OpenCall(const OpenCall&) = delete;
  OpenCall& operator=(const OpenCall&) = delete;

  const OperationInfo& operation() const { return operation_; }
  bool writes() const { return operation_.effect == Effect::kWrite; }
  int64_t deadline_nanos() const { return deadline_nanos_; }  // on the monotonic clock
  bool retry() const { return retry_; }
  bool any_order() const { return any_order_; }
  Bytes& frame() { return frame_; }

  // Whether room was made for it; see Channel::Admit.
  bool admitted = false;

  // Of two calls, the one that was made first has the lower number; see Channel::Add.
  uint64_t order = 0;

  // Hashes of the partitions in which it has to keep its order, each once; none for any_order. They
  // are found in the frame, at some cost: for when something has to be sent again.
  virtual std::vector<uint64_t> Partitions() const = 0;

  // Counts a rejection; how many there were before.
  uint32_t CountRefusal() { return refusals_++; }
  // Counts rejections as kDamagedInTransit. True if there were so many that the bytes must have
  // been damaged where they were made, by this process or by the server.
  bool StaysDamaged(Code code) {
    return code == Code::kDamagedInTransit && damages_++ >= limits::kMaxDamagedRetries;
  }

  // Answers with the body of a reply whose code was ok. A failure: the body is not what it should
  // be, and nobody was answered.
  virtual Status Accept(ByteView body) = 0;

  // Answers with a failure. Either this or an Accept that returns ok is called, once, last.
  virtual void Fail(Status status, const ErrorDetail& detail) = 0;

 protected:
  Bytes frame_;  // id and deadline are stamped when it is sent

 private:
  const OperationInfo& operation_;
  const int64_t deadline_nanos_;
  const bool retry_;
  const bool any_order_;
  uint32_t refusals_ = 0;
  uint32_t damages_ = 0;
};

namespace call_internal {

// The frame's checksum has been verified, so a value that does not match its own was damaged
// before: in the server's memory, after its own check. Reading again may help.
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

// Encodes `request` with a checksum for each value that is to be written and has none. (0 as a
// checksum that was given is as good: it is computed again, and is what it was.)
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
inline void EncodeWithChecksums<op::Batch>(const op::Batch::Request& request, Bytes* out) {
  op::Batch::Request with = request;
  for (op::BatchItem& item : with.items) {
    if (item.kind == MutationKind::kPut && item.checksum == 0) item.checksum = Hash64(item.value);
  }
  EncodeRequest<op::Batch>(/*id=*/0, /*deadline_ms=*/0, with, out);
}

template <class Row>
bool AsksForValues(const typename Row::Request& request) {
  if constexpr (requires { request.keys_only; }) return !request.keys_only;
  return true;
}

}  // namespace call_internal

template <class Row>
class TypedCall final : public OpenCall {
 public:
  using Done = std::function<void(Answer<Row>)>;

  TypedCall(const typename Row::Request& request, int64_t deadline_nanos,
            const CallOptions& options, Done done)
      : OpenCall(Row::kInfo, deadline_nanos, options),
        verify_(call_internal::AsksForValues<Row>(request)),
        done_(std::move(done)) {
    call_internal::EncodeWithChecksums<Row>(request, &frame_);
  }

  std::vector<uint64_t> Partitions() const override {
    std::vector<uint64_t> partitions;
    if (any_order()) return partitions;
    typename Row::Request request;
    const Status status = Decode(ByteView(frame_).substr(kFrameHeaderBytes), &request);
    CHECK(status.ok(), "it was encoded here");
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
    done_(Answer<Row>(std::move(owned), std::move(response)));
    return {};
  }

  void Fail(Status status, const ErrorDetail& detail) override {
    done_(Answer<Row>(std::move(status), detail));
  }

 private:
  const bool verify_;
  const Done done_;
};

}  // namespace smile
