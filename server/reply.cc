#include "server/reply.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "base/limits.h"
#include "storage/engine.h"

namespace smile {

void Reply::OkLent(const RecordView& record) {
  const size_t size = record.value.size();
  const bool is_large = size >= limits::kLeastLargeValueBytes && size <= max_frame_bytes_;
  if (!is_large) return Ok<op::Get>({.record = record});
  if (!HasRoomFor(size + 1)) return Fail(NoMemoryForResult());
  RecordView head = record;
  head.value = {};
  // A piece of its own: a tail that grows would take up to twice the memory.
  OkWithTail([&](Bytes* body) { Encode(op::Get::Response{.record = head}, body); },
             Bytes(record.value));
}

// Encoded with an empty last field, the response ends in the length of that field, one byte, which
// is replaced by the actual length.
bool Reply::AppendHead(FunctionRef<void(Bytes* body)> encode_head, size_t last_bytes,
                       FrameWriter* frame) {
  Bytes* const tail = out_->tail();
  encode_head(tail);
  CHECK(tail->back() == 0);
  tail->pop_back();
  AppendVarint(tail, last_bytes);
  const size_t size = frame->size() + last_bytes;
  if (size <= max_frame_bytes_) return true;
  frame->Discard();
  FailTooLarge(size);
  return false;
}

void Reply::OkWithTail(FunctionRef<void(Bytes* body)> encode_head, Bytes last) {
  CHECK(!written_);
  FrameWriter frame(out_->tail(), OkHeader(id_));
  if (!AppendHead(encode_head, last.size(), &frame)) return;
  if (last.size() < limits::kLeastLargeValueBytes) {
    out_->tail()->append(last);
    frame.Finish();
  } else {
    frame.Finish(last);
    out_->AppendPiece(std::move(last));
  }
  written_ = true;
}

void Reply::OkWithFile(FunctionRef<void(Bytes* body)> encode_head, const FileRange& last) {
  CHECK(!written_);
  FrameWriter frame(out_->tail(), OkHeader(id_));
  if (!AppendHead(encode_head, last.size, &frame)) return;
  frame.FinishStart(last.size);
  out_->AppendFile(last);
  written_ = true;
}

void Reply::FailTooLarge(size_t size) {
  Fail({Code::kTooLarge, "the reply has " + std::to_string(size) + " bytes, more than the " +
                             std::to_string(max_frame_bytes_) +
                             " agreed in HELLO: request less at a time"});
}

// For the reply that was written to the tail.
bool Reply::HasRoomFor(size_t size) const {
  return memory_ == nullptr || memory_->HasRoomFor(AllocatedBytes(size));
}

void Reply::FailForMemory() {
  out_->ShrinkTail();
  Fail(NoMemoryForResult());
}

}  // namespace smile
