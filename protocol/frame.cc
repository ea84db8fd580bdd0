#include "protocol/frame.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"

namespace smile {
namespace {

constexpr size_t kLengthOffset = 4;
constexpr size_t kIdOffset = 8;
constexpr size_t kCodeOffset = 12;
constexpr size_t kFlagsOffset = 13;
constexpr size_t kDeadlineOffset = 14;
constexpr size_t kLengthEnd = 8;
// From here on a small buffer may become as large as its frame at once.
constexpr size_t kLeastWholeStart = size_t{32} << 10;
// So many bytes of a large frame are put into a large buffer, fewer into a small one.
constexpr size_t kLeastLargeStart = InputBuffer::kLeastLargeBytes / 4;

// The fields leave no gap.
static_assert(kLengthOffset == kFrameChecksumBytes);
static_assert(kLengthEnd == kLengthOffset + sizeof(FrameHeader::length) && kIdOffset == kLengthEnd);
static_assert(kCodeOffset == kIdOffset + sizeof(FrameHeader::id));
static_assert(kFlagsOffset == kCodeOffset + 1 && kDeadlineOffset == kFlagsOffset + 1);
static_assert(kFrameHeaderBytes == kDeadlineOffset + sizeof(FrameHeader::deadline_ms));

}  // namespace

FrameHeader LoadFrameHeader(ByteView bytes) {
  CHECK(bytes.size() >= kFrameHeaderBytes);
  const char* at = bytes.data();
  return {.checksum = LoadLittle<uint32_t>(at),
          .length = LoadLittle<uint32_t>(at + kLengthOffset),
          .id = LoadLittle<uint32_t>(at + kIdOffset),
          .code = static_cast<uint8_t>(at[kCodeOffset]),
          .flags = static_cast<uint8_t>(at[kFlagsOffset]),
          .deadline_ms = LoadLittle<uint16_t>(at + kDeadlineOffset)};
}

uint32_t FrameChecksum(ByteView frame) {
  CHECK(frame.size() >= kFrameHeaderBytes);
  if ((frame[kFlagsOffset] & kFlagCoversStart) != 0) {
    const size_t covered = LoadLittle<uint16_t>(frame.data() + kDeadlineOffset);
    frame = frame.substr(0, std::max(covered, kFrameHeaderBytes));
  }
  return static_cast<uint32_t>(Hash64(frame.substr(kFrameChecksumBytes)));
}

FrameWriter::FrameWriter(Bytes* out, const FrameHeader& header) : out_(out), start_(out->size()) {
  char bytes[kFrameHeaderBytes] = {};
  StoreLittle(bytes + kIdOffset, header.id);
  bytes[kCodeOffset] = static_cast<char>(header.code);
  bytes[kFlagsOffset] = static_cast<char>(header.flags);
  StoreLittle(bytes + kDeadlineOffset, header.deadline_ms);
  out_->append(bytes, sizeof(bytes));
}

void FrameWriter::Finish(ByteView rest) {
  CHECK(out_->size() >= start_ + kFrameHeaderBytes, "the header was not removed");
  CHECK(size() + rest.size() <= UINT32_MAX);
  char* const frame = out_->data() + start_;
  StoreLittle(frame + kLengthOffset, static_cast<uint32_t>(size() + rest.size()));
  const ByteView bytes = ByteView(frame, size()).substr(kFrameChecksumBytes);
  StoreLittle(frame, static_cast<uint32_t>(rest.empty() ? Hash64(bytes) : Hash64(bytes, rest)));
}

void FrameWriter::FinishStart(size_t rest_bytes) {
  CHECK(size() >= kFrameHeaderBytes && size() <= UINT16_MAX && size() + rest_bytes <= UINT32_MAX);
  char* const frame = out_->data() + start_;
  StoreLittle(frame + kLengthOffset, static_cast<uint32_t>(size() + rest_bytes));
  frame[kFlagsOffset] = static_cast<char>(frame[kFlagsOffset] | kFlagCoversStart);
  StoreLittle(frame + kDeadlineOffset, static_cast<uint16_t>(size()));
  StoreLittle(frame, FrameChecksum({frame, size()}));
}

void RestampFrame(Bytes* frame, uint32_t id, uint16_t deadline_ms) {
  CHECK(LoadFrameHeader(*frame).length == frame->size(), "one finished frame");
  StoreLittle(frame->data() + kIdOffset, id);
  StoreLittle(frame->data() + kDeadlineOffset, deadline_ms);
  StoreLittle(frame->data(), FrameChecksum(*frame));
}

void FrameReader::Feed(ByteView bytes, size_t spare) {
  CHECK(fed_.empty(), "Keep() comes before the next Feed()");
  fed_ = bytes;
  spare_ = spare;
}

// Moves fed bytes to the kept ones until `wanted` unused ones are contiguous, or all are moved.
void FrameReader::TopUp(size_t wanted) {
  if (Unused().size() >= wanted) return;
  if (kept_used_ > 0) {
    kept_.RemovePrefix(kept_used_);
    kept_used_ = 0;
  }
  CHECK(kept_.size() < wanted);
  const size_t moved = std::min(wanted - kept_.size(), fed_.size());
  Reserve(kept_.size() + moved);
  kept_.Append(fed_.substr(0, moved));
  fed_.remove_prefix(moved);
  CHECK(kept_.size() == wanted || fed_.empty());
}

// A large buffer is reserved for the whole frame and uses memory as bytes arrive. A small one grows
// step by step; a string by itself would double its capacity, whatever is spare.
void FrameReader::Reserve(size_t needed) {
  if (needed <= kept_.capacity()) return;
  size_t most = needed;
  if (const ByteView start = kept_.empty() ? fed_ : kept_.view(); start.size() >= kLengthEnd) {
    const auto length = LoadLittle<uint32_t>(start.data() + kLengthOffset);
    if (length <= max_frame_bytes_) most = std::max<size_t>(needed, length);
  }
  if (most >= InputBuffer::kLeastLargeBytes && needed >= kLeastLargeStart) {
    return kept_.Reserve(most);
  }
  // At least the size to which the allocator rounds up.
  const size_t least = AllocatedBytes(needed + 1) - 1;
  // Once a quarter of it is there, a frame of some size is not copied once more to grow.
  const bool for_all = needed >= kLeastWholeStart && needed >= most / 4;
  const size_t spare = std::min(for_all ? most - needed : needed, spare_);
  const size_t grown = std::min(most, needed + spare);
  kept_.Reserve(std::min(std::max(least, grown), InputBuffer::kLeastLargeBytes - 1));
  CHECK(kept_.capacity() >= needed);
}

FrameReader::Event FrameReader::Next(Frame* frame) {
  if (!error_.ok()) return Event::kBroken;
  // A frame is returned in place in the fed bytes, unless its start was kept.
  const bool from_kept = !Unused().empty();
  if (from_kept) TopUp(kFrameHeaderBytes);
  ByteView start = from_kept ? Unused() : fed_;
  if (start.size() < kLengthEnd) return Event::kNeedMore;
  const auto length = LoadLittle<uint32_t>(start.data() + kLengthOffset);
  if (length < kFrameHeaderBytes) {
    return Break(Code::kProtocolError,
                 "a frame of " + std::to_string(length) +
                     " bytes is shorter than its header: these bytes are not Smile's protocol");
  }
  if (length > max_frame_bytes_) {
    return Break(Code::kTooLarge, "a frame of " + std::to_string(length) +
                                      " bytes exceeds the limit of " +
                                      std::to_string(max_frame_bytes_));
  }
  if (from_kept) {
    TopUp(length);
    start = Unused();
  }
  if (start.size() < length) return Event::kNeedMore;
  const ByteView bytes = start.substr(0, length);
  const FrameHeader header = LoadFrameHeader(bytes);
  if (FrameChecksum(bytes) != header.checksum) {
    return Break(
        Code::kProtocolError,
        "the frame's checksum does not match its bytes: they were damaged in transit, or are "
        "not Smile's protocol");
  }
  if (from_kept) {
    kept_used_ += length;
    CHECK(kept_used_ <= kept_.size());
  } else {
    fed_.remove_prefix(length);
  }
  CHECK(bytes.size() == header.length, "a frame is as long as its header says");
  *frame = {header, bytes.substr(kFrameHeaderBytes), bytes, /*stays=*/!from_kept};
  return Event::kFrame;
}

// Whether the frame that has begun needs a buffer of about the size of the present one.
bool FrameReader::ReusesBuffer() const {
  if (!kept_.is_large() || fed_.size() < kLengthEnd) return false;
  const auto length = LoadLittle<uint32_t>(fed_.data() + kLengthOffset);
  return length >= kept_.memory() / 2 && length <= max_frame_bytes_;
}

void FrameReader::Keep() {
  if (Unused().empty()) {
    if (ReusesBuffer()) {
      kept_.RemovePrefix(kept_.size());
    } else {
      kept_.Clear();
    }
    kept_used_ = 0;
  }
  TopUp(Unused().size() + fed_.size());
  CHECK(fed_.empty(), "nothing points into the fed bytes");
}

InputBuffer FrameReader::TakeBuffer() {
  fed_ = {};
  kept_used_ = 0;
  return std::exchange(kept_, InputBuffer());
}

FrameReader::Event FrameReader::Break(Code code, std::string message) {
  CHECK(error_.ok(), "a stream breaks once");
  error_ = Status(code, std::move(message));
  kept_.Clear();
  kept_used_ = 0;
  fed_ = {};
  return Event::kBroken;
}

}  // namespace smile
