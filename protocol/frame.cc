#include "protocol/frame.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"

namespace smile {
namespace {

constexpr size_t kLengthOffset = 4;

}  // namespace

FrameHeader LoadFrameHeader(ByteView bytes) {
  CHECK(bytes.size() >= kFrameHeaderBytes);
  const char* at = bytes.data();
  return {.checksum = LoadLittle<uint32_t>(at),
          .length = LoadLittle<uint32_t>(at + kLengthOffset),
          .id = LoadLittle<uint32_t>(at + 8),
          .code = static_cast<uint8_t>(at[12]),
          .flags = static_cast<uint8_t>(at[13]),
          .deadline_ms = LoadLittle<uint16_t>(at + 14)};
}

uint32_t FrameChecksum(ByteView frame) {
  return static_cast<uint32_t>(Hash64(frame.substr(kFrameChecksumBytes)));
}

FrameWriter::FrameWriter(Bytes* out, const FrameHeader& header) : out_(out), start_(out->size()) {
  char bytes[kFrameHeaderBytes] = {};
  StoreLittle(bytes + 8, header.id);
  bytes[12] = static_cast<char>(header.code);
  bytes[13] = static_cast<char>(header.flags);
  StoreLittle(bytes + 14, header.deadline_ms);
  out_->append(bytes, sizeof(bytes));
}

void FrameWriter::Finish() {
  CHECK(size() <= UINT32_MAX);
  char* const frame = out_->data() + start_;
  StoreLittle(frame + kLengthOffset, static_cast<uint32_t>(size()));
  StoreLittle(frame, FrameChecksum(ByteView(frame, size())));
}

void FrameReader::Feed(ByteView bytes) {
  CHECK(fed_.empty(), "Keep() comes before the next Feed()");
  fed_ = bytes;
}

// Moves fed bytes behind the kept ones until `wanted` unused ones are together, or all are moved.
void FrameReader::TopUp(size_t wanted) {
  if (Unused().size() >= wanted) return;
  if (kept_used_ > 0) {
    kept_.erase(0, kept_used_);
    kept_used_ = 0;
  }
  const size_t moved = std::min(wanted - kept_.size(), fed_.size());
  kept_.append(fed_.substr(0, moved));
  fed_.remove_prefix(moved);
}

FrameReader::Event FrameReader::Next(Frame* frame) {
  if (!error_.ok()) return Event::kBroken;
  // A frame is cut out of the fed bytes where they lie, unless its beginning had to be kept.
  const bool from_kept = !Unused().empty();
  if (from_kept) TopUp(kFrameHeaderBytes);
  ByteView start = from_kept ? Unused() : fed_;
  if (start.size() < kFrameHeaderBytes) return Event::kNeedMore;
  const FrameHeader header = LoadFrameHeader(start);
  if (header.length < kFrameHeaderBytes) {
    return Break(Code::kProtocolError,
                 "a frame of " + std::to_string(header.length) +
                     " bytes is shorter than its header: these bytes are not Smile's protocol");
  }
  if (header.length > max_frame_bytes_) {
    return Break(Code::kTooLarge, "a frame of " + std::to_string(header.length) +
                                      " bytes is over the limit of " +
                                      std::to_string(max_frame_bytes_));
  }
  if (from_kept) {
    TopUp(header.length);
    start = Unused();
  }
  if (start.size() < header.length) return Event::kNeedMore;
  const ByteView bytes = start.substr(0, header.length);
  if (FrameChecksum(bytes) != header.checksum) {
    return Break(Code::kProtocolError,
                 "the frame's checksum does not match its bytes: they were damaged, or are not "
                 "Smile's protocol");
  }
  if (from_kept) {
    kept_used_ += header.length;
  } else {
    fed_.remove_prefix(header.length);
  }
  *frame = {header, bytes.substr(kFrameHeaderBytes), bytes};
  return Event::kFrame;
}

void FrameReader::Keep() {
  if (Unused().empty()) {
    Bytes().swap(kept_);
    kept_used_ = 0;
  }
  TopUp(Unused().size() + fed_.size());
}

FrameReader::Event FrameReader::Break(Code code, std::string words) {
  error_ = Status(code, std::move(words));
  Bytes().swap(kept_);
  kept_used_ = 0;
  fed_ = {};
  return Event::kBroken;
}

}  // namespace smile
