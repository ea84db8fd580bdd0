// The reply to one request.
#pragma once

#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/file_range.h"
#include "base/function_ref.h"
#include "base/limits.h"
#include "base/memory_budget.h"
#include "model/record.h"
#include "protocol/message.h"
#include "server/reply_buffer.h"

namespace smile {

// Appends exactly one reply frame to a buffer. Borrows the buffer; used at once, never stored.
class Reply {
 public:
  // Replies longer than `max_frame_bytes` become kTooLarge. Large ones for which `memory` has no
  // room become kOverloaded; null if their memory was taken before.
  Reply(uint32_t id, size_t max_frame_bytes, MemoryAccount* memory, ReplyBuffer* out)
      : id_(id), max_frame_bytes_(max_frame_bytes), memory_(memory), out_(out) {
    CHECK(max_frame_bytes >= limits::kLeastReplyFrameBytes, "HELLO agrees on no less");
  }

  template <class Row>
  void Ok(const typename Row::Response& response) {
    OkIf([&](Bytes* body) {
      Encode(response, body);
      return true;
    });
  }

  // The same with a body that `encode` appends. If it returns false, nothing is written.
  bool OkIf(FunctionRef<bool(Bytes* body)> encode) {
    CHECK(!written_);
    FrameWriter frame(out_->tail(), OkHeader(id_));
    if (!encode(out_->tail())) {
      frame.Discard();
      return false;
    }
    const size_t size = frame.size();
    if (size > max_frame_bytes_) {
      frame.Discard();
      FailTooLarge(size);
      return true;
    }
    if (size >= limits::kLeastLargeValueBytes && !HasRoomFor(size)) {
      frame.Discard();
      FailForMemory();
      return true;
    }
    frame.Finish();
    written_ = true;
    return true;
  }

  // The reply to a GET, with a borrowed record. If there is no room for it, nothing is copied.
  void OkLent(const RecordView& record);

  // A response whose last field is `last`, which is not copied if it is large; in `response` that
  // field is empty.
  template <class Row>
  void OkOwned(const typename Row::Response& response, Bytes&& last) {
    CHECK(memory_ == nullptr, "its memory was taken when it was read");
    OkWithTail([&](Bytes* body) { Encode(response, body); }, std::move(last));
  }

  // The same with a part of a file, which is not read. The response has a checksum of it.
  template <class Row>
  void OkFile(const typename Row::Response& response, const FileRange& last) {
    OkWithFile([&](Bytes* body) { Encode(response, body); }, last);
  }

  void Fail(const Status& status, const ErrorDetail& detail = {}) {
    CHECK(!written_);
    EncodeError(id_, status, detail, out_->tail());
    written_ = true;
    code_ = status.code();
  }

  // Maximum length of the body of an ok reply.
  size_t max_body_bytes() const { return max_frame_bytes_ - kFrameHeaderBytes; }

  bool written() const { return written_; }
  Code code() const { return code_; }

 private:
  void OkWithTail(FunctionRef<void(Bytes* body)> encode_head, Bytes last);
  void OkWithFile(FunctionRef<void(Bytes* body)> encode_head, const FileRange& last);
  // Appends to the tail: a response with an empty last field, which is to have `last_bytes`. False:
  // it is too large, which has been answered.
  bool AppendHead(FunctionRef<void(Bytes* body)> encode_head, size_t last_bytes,
                  FrameWriter* frame);
  void FailTooLarge(size_t size);
  bool HasRoomFor(size_t size) const;
  void FailForMemory();

  const uint32_t id_;
  const size_t max_frame_bytes_;
  MemoryAccount* const memory_;
  ReplyBuffer* const out_;
  bool written_ = false;
  Code code_ = Code::kOk;
};

}  // namespace smile
