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
  if (is_large && !HasRoomFor(size)) return Fail(NoMemoryForResult());
  Ok<op::Get>({.record = record});
}

// The value is the end of the response, after its length: encoded without a value, the length is
// one byte, which is replaced by the actual length.
void Reply::OkRecord(Record record) {
  if (record.value.size() < limits::kLeastLargeValueBytes) {
    return Ok<op::Get>({.record = record.view()});
  }
  CHECK(!written_);
  FrameWriter frame(out_->tail(), OkHeader(id_));
  RecordView head = record.view();
  head.value = {};
  Encode(op::Get::Response{.record = head}, out_->tail());
  CHECK(out_->tail()->back() == 0);
  out_->tail()->pop_back();
  AppendVarint(out_->tail(), record.value.size());
  const size_t size = frame.size() + record.value.size();
  if (size > max_frame_bytes_) {
    frame.Discard();
    return FailTooLarge(size);
  }
  CHECK(memory_ == nullptr, "its memory was taken when it was read");
  frame.Finish(record.value);
  out_->AppendPiece(std::move(record.value));
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
