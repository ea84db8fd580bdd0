// Frames: how messages follow each other in a stream of bytes. No I/O here.
//
// Every frame is a header of 16 bytes and a body:
//
//   offset  bytes  field     meaning
//   0       4      checksum  low half of XXH3-64 over the frame from byte 4 to its end
//   4       4      length    of the whole frame, header included
//   8       4      id        chosen by the client, echoed in the reply
//   12      1      code      operation in a request, status in a reply
//   13      1      flags     see FrameFlags
//   14      2      deadline  request: milliseconds left, 0: none; reply: 0
//
// All little-endian. A length is compared with the limit as soon as its bytes are there; the rest
// of a header is believed only after the checksum has been verified.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/status.h"
#include "protocol/input_buffer.h"

namespace smile {

inline constexpr size_t kFrameHeaderBytes = 16;
inline constexpr size_t kFrameChecksumBytes = 4;

enum FrameFlags : uint8_t {
  kFlagReply = 1,        // from server to client
  kFlagMoreFollows = 2,  // reserved for streams: no frame of version 1 has it
};
inline constexpr uint8_t kKnownFlags = kFlagReply | kFlagMoreFollows;

struct FrameHeader {
  uint32_t checksum = 0;
  uint32_t length = 0;
  uint32_t id = 0;
  uint8_t code = 0;
  uint8_t flags = 0;
  uint16_t deadline_ms = 0;
};

struct Frame {
  FrameHeader header;
  ByteView body;              // behind the header
  ByteView bytes;             // the whole frame
  bool stays = false;         // see FrameReader
  int64_t arrived_nanos = 0;  // when its last byte came; for who cuts it out of a stream to say
};

// Appends one frame to `out`: make it, append the body to `out`, then Finish().
class FrameWriter {
 public:
  // `checksum` and `length` of `header` are ignored.
  FrameWriter(Bytes* out, const FrameHeader& header);

  // Writes length and checksum. The frame is incomplete until this is called. `rest`: bytes of the
  // body that are not appended, but follow what is.
  void Finish(ByteView rest = {});

  // Bytes of the frame so far.
  size_t size() const { return out_->size() - start_; }

  // Takes back what was appended.
  void Discard() { out_->resize(start_); }

 private:
  Bytes* const out_;
  const size_t start_;
};

// Gives a finished frame another id and deadline, and the checksum that goes with them: a client
// encodes a request before it knows when, and how often, it will be sent.
void RestampFrame(Bytes* frame, uint32_t id, uint16_t deadline_ms);

// Cuts a stream of bytes into frames.
//
// Feed(bytes), then Next() until it says kNeedMore, then Feed again. Frames point into the bytes
// that were fed, or into the reader's own buffer, and are valid until the next call of Feed, Keep
// or Next; one that stays, beyond Next as long as the bytes that were fed. Bytes that are not used
// up must be handed over with Keep() before they go away; only then, and only as many as were fed,
// are they copied. An idle reader holds no buffer; that of a frame takes memory as bytes come,
// whatever length was claimed (protocol/input_buffer.h): as long as it is small by doubling, but
// not beyond the frame's end, nor by more than what may be spared.
class FrameReader {
 public:
  enum class Event : uint8_t { kFrame, kNeedMore, kBroken };

  explicit FrameReader(size_t max_frame_bytes) : max_frame_bytes_(max_frame_bytes) {}

  // From the next frame on.
  void set_max_frame_bytes(size_t max_frame_bytes) { max_frame_bytes_ = max_frame_bytes; }

  // Borrows `bytes` until Keep(). `spare`: how much memory the buffer may take that it does not
  // need yet, so that it grows less often.
  void Feed(ByteView bytes, size_t spare = SIZE_MAX);

  // kFrame: *frame is the next one. kBroken: the stream is not the protocol, error() says how, and
  // no more frames come out of this reader.
  Event Next(Frame* frame);

  // Copies what has not been used up, so that what was fed may go away.
  void Keep();

  const Status& error() const { return error_; }
  // After Keep(): the bytes fed and not yet handed out as frames.
  ByteView rest() const { return Unused(); }
  // Bytes fed and not yet handed out as frames.
  size_t buffered_bytes() const { return kept_.size() - kept_used_ + fed_.size(); }
  // What its buffer takes, and how much more comes into it without taking more.
  size_t memory() const { return kept_.memory(); }
  size_t free_memory() const { return kept_.free_memory(); }

 private:
  Event Break(Code code, std::string words);
  ByteView Unused() const { return kept_.view().substr(kept_used_); }
  void TopUp(size_t wanted);
  void Reserve(size_t needed);

  size_t max_frame_bytes_;
  InputBuffer kept_;      // the start of the stream that was copied
  size_t kept_used_ = 0;  // of kept_, already handed out
  ByteView fed_;          // the stream behind kept_
  size_t spare_ = SIZE_MAX;
  Status error_;
};

// Reads a header; `bytes` has at least kFrameHeaderBytes.
FrameHeader LoadFrameHeader(ByteView bytes);

// Of a whole frame.
uint32_t FrameChecksum(ByteView frame);

}  // namespace smile
