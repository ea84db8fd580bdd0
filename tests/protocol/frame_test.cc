#include "protocol/frame.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/coding.h"
#include "base/hash.h"
#include "base/limits.h"

namespace smile {
namespace {

using Event = FrameReader::Event;

Bytes FrameOf(uint32_t id, ByteView body) {
  Bytes out;
  FrameWriter frame(&out, {.id = id, .code = 3, .flags = 0, .deadline_ms = 500});
  out.append(body);
  frame.Finish();
  return out;
}

// What came out of a reader: "7:abc" for a frame with id 7 and body abc.
struct Seen {
  std::vector<std::string> frames;
  Status error;
};

void Drain(FrameReader* reader, Seen* seen) {
  while (true) {
    Frame frame;
    const Event event = reader->Next(&frame);
    if (event == Event::kBroken) seen->error = reader->error();
    if (event != Event::kFrame) return;
    seen->frames.push_back(std::to_string(frame.header.id) + ":" + std::string(frame.body));
    EXPECT_EQ(frame.bytes.size(), frame.header.length);
  }
}

// Feeds a copy of each piece that goes away after Keep().
Seen ReadInPieces(const std::vector<ByteView>& pieces, size_t limit = limits::kMaxFrameBytes) {
  FrameReader reader(limit);
  Seen seen;
  for (const ByteView piece : pieces) {
    const auto copy = std::make_unique<Bytes>(piece);
    reader.Feed(*copy);
    Drain(&reader, &seen);
    reader.Keep();
  }
  return seen;
}

TEST(Frame, HeaderMatchesTheDocumentation) {
  const Bytes bytes = FrameOf(0x01020304, "xyz");
  ASSERT_EQ(bytes.size(), 19u);
  EXPECT_EQ(bytes.substr(4), ByteView("\x13\0\0\0\x04\x03\x02\x01\x03\0\xf4\x01xyz", 15));
  EXPECT_EQ(LoadFrameHeader(bytes).checksum, FrameChecksum(bytes));
}

TEST(Frame, AppendedFrameCanBeRemoved) {
  Bytes out = "before";
  FrameWriter frame(&out, {.id = 1});
  out.append("body");
  EXPECT_EQ(frame.size(), kFrameHeaderBytes + 4);
  frame.Discard();
  EXPECT_EQ(out, "before");
}

TEST(FrameReader, ParsesAtEverySplitPoint) {
  const Bytes stream = FrameOf(1, "") + FrameOf(2, "two") + FrameOf(3, Bytes(40, 'c'));
  const std::vector<std::string> expected = {"1:", "2:two", "3:" + std::string(40, 'c')};
  for (size_t first = 0; first <= stream.size(); ++first) {
    for (size_t second = first; second <= stream.size(); ++second) {
      const ByteView all = stream;
      const Seen seen = ReadInPieces(
          {all.substr(0, first), all.substr(first, second - first), all.substr(second)});
      ASSERT_EQ(seen.frames, expected) << "split at " << first << " and " << second;
      ASSERT_TRUE(seen.error.ok());
    }
  }
}

TEST(FrameReader, ParsesByteByByte) {
  const Bytes stream = FrameOf(1, "one") + FrameOf(2, "");
  std::vector<ByteView> pieces;
  for (size_t i = 0; i < stream.size(); ++i) pieces.push_back(ByteView(stream).substr(i, 1));
  EXPECT_EQ(ReadInPieces(pieces).frames, (std::vector<std::string>{"1:one", "2:"}));
}

TEST(FrameReader, DetectsEveryFlippedBit) {
  const Bytes good = FrameOf(7, "the body of a frame");
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const Seen seen = ReadInPieces({bad});
    EXPECT_TRUE(seen.frames.empty()) << "bit " << bit;
    // A length that became larger asks for more bytes; anything else is broken at once.
    const bool longer = LoadFrameHeader(bad).length > good.size() &&
                        LoadFrameHeader(bad).length <= limits::kMaxFrameBytes;
    EXPECT_EQ(seen.error.ok(), longer) << "bit " << bit;
    if (longer) {
      const Seen later = ReadInPieces({bad, Bytes(LoadFrameHeader(bad).length, '\0')});
      EXPECT_TRUE(later.frames.empty());
      EXPECT_EQ(later.error.code(), Code::kProtocolError) << "bit " << bit;
    }
  }
}

TEST(FrameReader, RejectsALengthOverTheLimitAtOnce) {
  const Bytes frame = FrameOf(1, Bytes(100, 'x'));
  EXPECT_EQ(ReadInPieces({frame}, 116).frames.size(), 1u);
  EXPECT_EQ(ReadInPieces({ByteView(frame).substr(0, 8)}, 115).error.code(), Code::kTooLarge);
  EXPECT_EQ(
      ReadInPieces({ByteView(frame).substr(0, 5), ByteView(frame).substr(5, 3)}, 115).error.code(),
      Code::kTooLarge);
  EXPECT_TRUE(ReadInPieces({ByteView(frame).substr(0, 7)}, 115).error.ok());
}

TEST(FrameReader, RejectsALengthBelowTheHeader) {
  for (const char length : {0, 1, 15}) {
    Bytes bytes(16, '\0');
    bytes[4] = length;
    EXPECT_EQ(ReadInPieces({bytes}).error.code(), Code::kProtocolError);
  }
}

TEST(FrameReader, StaysBrokenAfterAnError) {
  FrameReader reader(64);
  Frame frame;
  const Bytes bad(200, '\xff');
  reader.Feed(bad);
  EXPECT_EQ(reader.Next(&frame), Event::kBroken);
  EXPECT_EQ(reader.buffered_bytes(), 0u);
  reader.Keep();
  const Bytes good = FrameOf(1, "good");
  reader.Feed(good);
  EXPECT_EQ(reader.Next(&frame), Event::kBroken);
  EXPECT_EQ(reader.error().code(), Code::kTooLarge);
}

TEST(FrameReader, NewLimitAppliesToTheNextFrame) {
  const Bytes stream = FrameOf(1, "a") + FrameOf(2, Bytes(100, 'b'));
  FrameReader reader(32);
  reader.Feed(stream);
  Frame frame;
  ASSERT_EQ(reader.Next(&frame), Event::kFrame);
  reader.set_max_frame_bytes(200);
  EXPECT_EQ(reader.Next(&frame), Event::kFrame);
  EXPECT_EQ(frame.header.id, 2u);
}

TEST(FrameReader, KeepsOnlyUnusedInput) {
  const Bytes one = FrameOf(1, Bytes(1000, 'x'));
  FrameReader reader(limits::kMaxFrameBytes);
  for (int round = 0; round < 100; ++round) {
    Frame frame;
    reader.Feed(ByteView(one).substr(0, 500));
    EXPECT_EQ(reader.Next(&frame), Event::kNeedMore);
    reader.Keep();
    EXPECT_EQ(reader.buffered_bytes(), 500u);
    reader.Feed(ByteView(one).substr(500));
    EXPECT_EQ(reader.Next(&frame), Event::kFrame);
    EXPECT_EQ(reader.Next(&frame), Event::kNeedMore);
    reader.Keep();
    EXPECT_EQ(reader.buffered_bytes(), 0u);
  }
}

TEST(FrameReader, FrameInOnePieceIsNotCopied) {
  const Bytes stream = FrameOf(1, "one") + FrameOf(2, "two");
  FrameReader reader(limits::kMaxFrameBytes);
  reader.Feed(stream);
  Frame frame;
  ASSERT_EQ(reader.Next(&frame), Event::kFrame);
  EXPECT_EQ(frame.bytes.data(), stream.data());
  ASSERT_EQ(reader.Next(&frame), Event::kFrame);
  EXPECT_EQ(frame.bytes.data(), stream.data() + 19);
}

// A session that stops reading leaves frames behind and takes them later, some at a time.
TEST(FrameReader, RemainingFramesAreReturnedLater) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    Bytes stream;
    std::vector<std::string> expected;
    for (uint32_t id = 0; id < 30; ++id) {
      const Bytes body(random() % 60, static_cast<char>('a' + id % 26));
      stream += FrameOf(id, body);
      expected.push_back(std::to_string(id) + ":" + body);
    }
    FrameReader reader(limits::kMaxFrameBytes);
    std::vector<std::string> seen;
    ByteView rest = stream;
    while (seen.size() < expected.size()) {
      const Bytes piece(rest.substr(0, random() % 200));
      rest.remove_prefix(piece.size());
      reader.Feed(piece);
      Frame frame;
      for (size_t take = random() % 6; take > 0 && reader.Next(&frame) == Event::kFrame; --take) {
        seen.push_back(std::to_string(frame.header.id) + ":" + std::string(frame.body));
      }
      reader.Keep();
    }
    ASSERT_EQ(seen, expected);
  }
}

TEST(FrameReader, BufferGrowsWithReceivedBytesNotWithTheClaimedLength) {
  const Bytes stream = FrameOf(1, Bytes(1'000'000, 'b'));
  for (const size_t spare : {size_t{0}, SIZE_MAX}) {
    FrameReader reader(limits::kMaxFrameBytes);
    size_t received = 0;
    while (received < stream.size() - 1) {
      const size_t piece = std::min<size_t>(3'000, stream.size() - 1 - received);
      reader.Feed(ByteView(stream).substr(received, piece), spare);
      Frame frame;
      ASSERT_EQ(reader.Next(&frame), Event::kNeedMore);
      reader.Keep();
      received += piece;
      const size_t most = spare == 0 ? received + received / 4 : 2 * received;
      EXPECT_LE(reader.memory(), AllocatedBytes(most + 1));
      EXPECT_LE(reader.memory(), AllocatedBytes(stream.size() + 1));
    }
  }
}

// --- Frames whose last field has a checksum of its own ---

Bytes StartOf(ByteView covered, size_t rest_bytes) {
  Bytes out;
  FrameWriter frame(&out, {.id = 7, .code = 0, .flags = kFlagReply});
  out.append(covered);
  frame.FinishStart(rest_bytes);
  return out;
}

TEST(FrameReader, ChecksumOfAStartDoesNotCoverTheRest) {
  const Bytes start = StartOf("covered", 4);
  const FrameHeader header = LoadFrameHeader(start);
  EXPECT_EQ(header.length, 16u + 7 + 4);
  EXPECT_EQ(header.flags, kFlagReply | kFlagCoversStart);
  EXPECT_EQ(header.deadline_ms, 16 + 7);
  for (const std::string rest : {"rest", "REST"}) {
    const Seen seen = ReadInPieces({start + rest + FrameOf(8, "next")});
    EXPECT_EQ(seen.frames, (std::vector<std::string>{"7:covered" + rest, "8:next"}));
  }
  for (size_t i = 0; i < start.size(); ++i) {
    if (i >= 4 && i < 8) continue;  // the length: another frame
    Bytes damaged = start + "rest";
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_EQ(ReadInPieces({damaged}).error.code(), Code::kProtocolError) << i;
  }
}

TEST(FrameReader, ChecksumOfAStartCoversTheHeaderAndNoMoreThanTheFrame) {
  for (const uint16_t covered : {0, 15, 16, 27, 28, 65'535}) {
    Bytes frame = StartOf("covered", 4) + "rest";
    StoreLittle(frame.data() + 14, covered);
    const size_t end = std::clamp<size_t>(covered, kFrameHeaderBytes, frame.size());
    StoreLittle(frame.data(), static_cast<uint32_t>(Hash64(ByteView(frame).substr(4, end - 4))));
    EXPECT_EQ(ReadInPieces({frame}).frames.size(), 1u) << covered;
  }
}

// Feeds the first frame in two pieces, the second of which has the start of `next`.
size_t MemoryAtTheStartOf(const Bytes& next, FrameReader* reader) {
  const Bytes first = FrameOf(1, Bytes(600'000, 'a'));
  Frame frame;
  reader->Feed(ByteView(first).substr(0, 400'000));
  EXPECT_EQ(reader->Next(&frame), Event::kNeedMore);
  reader->Keep();
  const Bytes second_piece = first.substr(400'000) + next.substr(0, 1'000);
  reader->Feed(second_piece);
  EXPECT_EQ(reader->Next(&frame), Event::kFrame);
  EXPECT_EQ(reader->Next(&frame), Event::kNeedMore);
  reader->Keep();
  return reader->memory();
}

TEST(FrameReader, LargeFramesOfTheSameLengthUseTheSameBuffer) {
  FrameReader reader(limits::kMaxFrameBytes);
  const Bytes same = FrameOf(2, Bytes(590'000, 'b'));
  const size_t memory = MemoryAtTheStartOf(same, &reader);
  EXPECT_GE(memory, 600'000u);
  EXPECT_GE(reader.free_memory(), 590'000u) << "it is counted as unused";
  Frame frame;
  reader.Feed(ByteView(same).substr(1'000));
  ASSERT_EQ(reader.Next(&frame), Event::kFrame);
  EXPECT_EQ(frame.body, Bytes(590'000, 'b'));
  reader.Keep();
  EXPECT_EQ(reader.memory(), 0u) << "an idle reader has no buffer";
}

// Otherwise these bytes would soon be copied, and the allocator would keep the memory they had.
TEST(FrameReader, StartOfALargeFrameIsInALargeBuffer) {
  FrameReader reader(limits::kMaxFrameBytes);
  const Bytes whole = FrameOf(1, Bytes(590'000, 'a'));
  constexpr size_t kPiece = 140'000;
  Frame frame;
  for (size_t i = 0; i < 2; ++i) {
    reader.Feed(ByteView(whole).substr(i * kPiece, kPiece), /*spare=*/limits::kMaxFrameBytes);
    EXPECT_EQ(reader.Next(&frame), Event::kNeedMore);
    reader.Keep();
  }
  EXPECT_LE(reader.memory(), 282'624u) << "whole pages of 4 KiB";
  reader.Feed(ByteView(whole).substr(2 * kPiece));
  ASSERT_EQ(reader.Next(&frame), Event::kFrame);
  EXPECT_EQ(frame.body, Bytes(590'000, 'a'));
  reader.Keep();
}

TEST(FrameReader, BufferIsReleasedForASmallerFrame) {
  for (const size_t size : {size_t{2'000}, size_t{100'000}}) {
    FrameReader reader(limits::kMaxFrameBytes);
    EXPECT_LT(MemoryAtTheStartOf(FrameOf(2, Bytes(size, 'b')), &reader), 100'000u) << size;
  }
}

}  // namespace
}  // namespace smile
