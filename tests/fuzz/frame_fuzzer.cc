// The frame reader, fed in arbitrary pieces: it returns the same frames as when it is fed all at
// once, keeps no more than it was fed, and returns only complete frames.
//
// Input: a byte of flags, a byte that seeds the sizes of the pieces, then the stream. Flag 1: first
// correct the checksum of each frame in the stream, as hardly any would be valid otherwise.
#include <cstdint>
#include <random>
#include <string>

#include "base/check.h"
#include "base/coding.h"
#include "protocol/frame.h"

namespace smile {
namespace {

constexpr size_t kLimit = 4096;

void MendChecksums(Bytes* stream) {
  size_t at = 0;
  while (stream->size() - at >= kFrameHeaderBytes) {
    const ByteView rest = ByteView(*stream).substr(at);
    const uint32_t length = LoadFrameHeader(rest).length;
    if (length < kFrameHeaderBytes || length > rest.size()) return;
    StoreLittle(stream->data() + at, FrameChecksum(rest.substr(0, length)));
    at += length;
  }
}

struct Outcome {
  Bytes frames;
  Code code = Code::kOk;

  bool operator==(const Outcome&) const = default;
};

// Takes frames until there are none left; false once the stream is broken.
bool Take(FrameReader* reader, Outcome* outcome) {
  while (true) {
    Frame frame;
    const FrameReader::Event event = reader->Next(&frame);
    if (event == FrameReader::Event::kNeedMore) return true;
    if (event == FrameReader::Event::kBroken) {
      outcome->code = reader->error().code();
      CHECK(reader->buffered_bytes() == 0);
      return false;
    }
    CHECK(frame.bytes.size() == frame.header.length && frame.bytes.size() <= kLimit);
    CHECK(frame.body.size() + kFrameHeaderBytes == frame.bytes.size());
    CHECK(FrameChecksum(frame.bytes) == frame.header.checksum);
    outcome->frames.append(frame.bytes);
  }
}

Outcome ReadInPieces(ByteView stream, uint8_t seed) {
  std::minstd_rand random(seed + 1u);
  FrameReader reader(kLimit);
  Outcome outcome;
  size_t fed = 0;
  while (!stream.empty()) {
    // Copied to its own allocation, so that a read past its end is detected.
    const Bytes piece(stream.substr(0, 1 + random() % (1u << random() % 12)));
    stream.remove_prefix(piece.size());
    fed += piece.size();
    reader.Feed(piece);
    const bool alive = Take(&reader, &outcome);
    reader.Keep();
    if (!alive) break;
    CHECK(reader.buffered_bytes() == fed - outcome.frames.size());
    CHECK(reader.buffered_bytes() < kLimit);
  }
  return outcome;
}

void FuzzFrames(ByteView input) {
  if (input.size() < 2) return;
  Bytes stream(input.substr(2));
  if ((input[0] & 1) != 0) MendChecksums(&stream);
  FrameReader reader(kLimit);
  Outcome whole;
  reader.Feed(stream);
  Take(&reader, &whole);
  CHECK(ReadInPieces(stream, static_cast<uint8_t>(input[1])) == whole);
}

}  // namespace
}  // namespace smile

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  smile::FuzzFrames({reinterpret_cast<const char*>(data), size});
  return 0;
}
