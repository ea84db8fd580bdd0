// Frames: the unit of a stream of bytes. No I/O.
//
// Every frame is a header of 16 bytes and a body:
//
//   offset  bytes  field     meaning
//   0       4      checksum  low half of XXH3-64 over the frame from byte 4 to its end
//   4       4      length    of the whole frame, including the header
//   8       4      id        chosen by the client, echoed in the reply
//   12      1      code      operation in a request, status in a reply
//   13      1      flags     see FrameFlags
//   14      2      deadline  request: remaining milliseconds, 0: none; reply: 0
//
// All little-endian. The length is compared with the limit as soon as its bytes have arrived; the
// rest of the header is used only after the checksum was verified.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"
#include "protocol/input_buffer.h"

namespace smile {

inline constexpr size_t kFrameHeaderBytes = 16;
inline constexpr size_t kFrameChecksumBytes = 4;

enum FrameFlags : uint8_t {
  kFlagReply = 1,        // from server to client
  kFlagMoreFollows = 2,  // the request has further replies, as a WATCH does
  // Of a reply whose last field has a checksum of its own: that of the frame covers only what is
  // before this field, which may be sent without being read.
  kFlagCoversStart = 4,
};
inline constexpr uint8_t kKnownFlags = kFlagReply | kFlagMoreFollows | kFlagCoversStart;

struct FrameHeader {
  uint32_t checksum = 0;
  uint32_t length = 0;
  uint32_t id = 0;
  uint8_t code = 0;
  uint8_t flags = 0;
  // With kFlagCoversStart: number of bytes up to which the checksum covers the frame.
  uint16_t deadline_ms = 0;
};

struct Frame {
  FrameHeader header;
  ByteView body;              // after the header
  ByteView bytes;             // the whole frame
  bool stays = false;         // see FrameReader
  int64_t arrived_nanos = 0;  // arrival of its last byte; set by the caller of FrameReader
};

// Appends a frame to `out`: create the writer, append the body to `out`, then call Finish().
class FrameWriter {
 public:
  // `checksum` and `length` of `header` are ignored.
  FrameWriter(Bytes* out, const FrameHeader& header);

  // Writes length and checksum; without it the frame is incomplete. `rest`: the end of the body, if
  // it is not appended but sent separately.
  void Finish(ByteView rest = {});
  // The same for a body whose end, `rest_bytes`, has a checksum of its own (kFlagCoversStart).
  void FinishStart(size_t rest_bytes);

  // Size of the frame so far.
  size_t size() const {
    CHECK(out_->size() >= start_, "nothing before the frame is removed");
    return out_->size() - start_;
  }

  // Removes the frame again.
  void Discard() { out_->resize(start_); }

 private:
  Bytes* const out_;
  const size_t start_;
};

// Sets id and deadline of a finished frame, and its checksum: a client encodes a request before it
// knows when, and how often, it will be sent.
void RestampFrame(Bytes* frame, uint32_t id, uint16_t deadline_ms);

// Cuts a stream of bytes into frames.
//
// Feed(bytes), then Next() until it returns kNeedMore, then Feed again. Frames point into the fed
// bytes, or into the reader's buffer, and are valid until the next call of Feed, Keep or Next; a
// frame with `stays` remains valid as long as the fed bytes. Before the fed bytes are released,
// Keep() must be called; only then are unused bytes copied. An idle reader holds no buffer. The
// buffer of a frame uses memory as bytes arrive, whatever length was claimed
// (protocol/input_buffer.h): a small one grows by doubling, but not beyond the end of the frame and
// not by more than `spare`. While large frames of about the same length follow each other without a
// pause, they use the same buffer: a new one costs a page fault for each page.
class FrameReader {
 public:
  enum class Event : uint8_t { kFrame, kNeedMore, kBroken };

  explicit FrameReader(size_t max_frame_bytes) : max_frame_bytes_(max_frame_bytes) {}

  // Applies from the next frame on.
  void set_max_frame_bytes(size_t max_frame_bytes) { max_frame_bytes_ = max_frame_bytes; }

  // Borrows `bytes` until Keep(). `spare`: memory that the buffer may use in advance, to grow less
  // often.
  void Feed(ByteView bytes, size_t spare = SIZE_MAX);

  // kFrame: *frame is the next one. kBroken: the stream violates the protocol; error() says how,
  // and this reader returns no more frames.
  Event Next(Frame* frame);

  // Copies unused bytes, so that the fed bytes can be released.
  void Keep();

  const Status& error() const { return error_; }
  // After Keep(): the bytes that were fed and not yet returned as frames.
  ByteView rest() const { return Unused(); }
  // Number of bytes that were fed and not yet returned as frames.
  size_t buffered_bytes() const {
    CHECK(kept_used_ <= kept_.size());
    return kept_.size() - kept_used_ + fed_.size();
  }
  // Memory of the buffer, and how much of it is unused.
  size_t memory() const { return kept_.memory(); }
  size_t free_memory() const { return kept_.free_memory(); }

  // Ends the reading: hands its buffer over, so that its memory is released elsewhere.
  InputBuffer TakeBuffer();

 private:
  Event Break(Code code, std::string message);
  ByteView Unused() const { return kept_.view().substr(kept_used_); }
  bool ReusesBuffer() const;
  void TopUp(size_t wanted);
  void Reserve(size_t needed);

  size_t max_frame_bytes_;
  InputBuffer kept_;      // the start of the stream, copied
  size_t kept_used_ = 0;  // bytes of kept_ that were returned as frames
  ByteView fed_;          // the stream after kept_
  size_t spare_ = SIZE_MAX;
  Status error_;
};

// Reads a header; `bytes` has at least kFrameHeaderBytes.
FrameHeader LoadFrameHeader(ByteView bytes);

// The checksum of a whole frame.
uint32_t FrameChecksum(ByteView frame);

}  // namespace smile
