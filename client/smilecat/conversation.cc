#include "client/smilecat/conversation.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "client/smilecat/requests.h"
#include "protocol/operations.h"

namespace smile::cat {
namespace {

constexpr size_t kShownRawBytes = 256;
constexpr size_t kRawLineBytes = 16;

// As much of `rest` as its first header claims, within the limit.
ByteView NextFrameOf(ByteView rest) {
  if (rest.size() < kFrameHeaderBytes) return rest;
  const size_t length = LoadFrameHeader(rest).length;
  return rest.substr(0, std::clamp(length, kFrameHeaderBytes, limits::kMaxFrameBytes));
}

// Its checksum is right, so it stays a frame when it gets another one.
bool IsWholeFrame(ByteView bytes) {
  if (bytes.size() < kFrameHeaderBytes) return false;
  const FrameHeader header = LoadFrameHeader(bytes);
  return header.length == bytes.size() && header.checksum == FrameChecksum(bytes);
}

char ArrowOf(Direction direction) {
  switch (direction) {
    case Direction::kToServer:
      return '>';
    case Direction::kToClient:
      return '<';
    case Direction::kEither:
      break;
  }
  return '?';
}

std::string NameOfRequest(uint8_t code) {
  const OperationInfo* operation = Operations::Find(code);
  return operation == nullptr ? fmt::format("operation {}", code) : std::string(operation->name);
}

}  // namespace

Conversation::Conversation(std::string label, Print print, Keep keep)
    : label_(std::move(label)),
      print_(std::move(print)),
      keep_(std::move(keep)),
      sides_{{FrameReader(limits::kMaxFrameBytes)},
             {FrameReader(limits::kMaxFrameBytes)},
             {FrameReader(limits::kMaxFrameBytes)}} {}

void Conversation::Feed(Direction direction, ByteView bytes) {
  Side& side = SideOf(direction);
  if (side.broken) {
    PrintRaw(direction, bytes);
    if (keep_) keep_(direction, bytes);
    return;
  }
  side.reader.Feed(bytes);
  side.reader.Keep();
  const Bytes all(side.reader.rest());  // the reader forgets what is broken
  ByteView rest = all;
  while (true) {
    const ByteView next = NextFrameOf(rest);
    Frame frame;
    switch (side.reader.Next(&frame)) {
      case FrameReader::Event::kFrame:
        rest.remove_prefix(frame.bytes.size());
        PrintFrame(direction, frame);
        break;
      case FrameReader::Event::kNeedMore:
        return;
      case FrameReader::Event::kBroken:
        side.broken = true;
        PrintBroken(direction, next, side.reader.error().message());
        rest.remove_prefix(next.size());
        PrintRaw(direction, rest.substr(0, kShownRawBytes));
        if (keep_ && !rest.empty()) keep_(direction, rest);
        return;
    }
  }
}

void Conversation::End(Direction direction) {
  Side& side = SideOf(direction);
  if (side.broken || side.reader.rest().empty()) return;
  side.broken = true;
  PrintBroken(direction, side.reader.rest(), "the frame ends too early");
}

void Conversation::PrintFrame(Direction direction, const Frame& frame) {
  const FrameHeader& header = frame.header;
  const bool is_reply = (header.flags & kFlagReply) != 0;
  if (direction == Direction::kEither) {
    direction = is_reply ? Direction::kToClient : Direction::kToServer;
  }
  std::optional<RequestInfo> request;
  std::string title;
  if (is_reply) {
    const auto found = requests_.find(header.id);
    if (found != requests_.end()) request = found->second;
    const CodeInfo* code = FindCode(header.code);
    title = fmt::format("reply to {}, {}",
                        request.has_value() ? NameOfRequest(request->code) : "an unseen request",
                        code == nullptr ? fmt::format("code {}", header.code) : code->name);
  } else {
    title = NameOfRequest(header.code);
    Remember(frame);
  }
  const std::vector<FramePart> parts = DescribeAnyFrame(frame.bytes, request);
  print_(fmt::format("{}{} {}, id {}, {}\n{}", label_, ArrowOf(direction), title, header.id,
                     Counted(frame.bytes.size(), "byte"), FormatParts(parts)));
  KeepMasked(direction, frame.bytes, parts);
}

void Conversation::KeepMasked(Direction direction, ByteView frame,
                              const std::vector<FramePart>& parts) const {
  if (!keep_) return;
  Bytes masked(frame);
  bool changed = false;
  for (const FramePart& part : parts) {
    if (!part.is_secret) continue;
    std::fill_n(masked.begin() + static_cast<std::ptrdiff_t>(part.offset), part.bytes.size(), '*');
    changed = true;
  }
  if (changed && IsWholeFrame(frame)) {
    const FrameHeader header = LoadFrameHeader(masked);
    RestampFrame(&masked, header.id, header.deadline_ms);
  }
  keep_(direction, masked);
}

// The operation and table of a request are remembered until 64 Ki requests later, not until their
// reply: an id is used again only after that, and a capture may hold a reply twice.
void Conversation::Remember(const Frame& frame) {
  const std::optional<RequestInfo> info = InfoOfAnyRequest(frame);
  if (!info.has_value()) {
    requests_.erase(frame.header.id);
    return;
  }
  if (requests_.insert_or_assign(frame.header.id, *info).second) {
    request_order_.push_back(frame.header.id);
  }
  if (request_order_.size() <= limits::kMaxSniffedRequests) return;
  requests_.erase(request_order_.front());
  request_order_.pop_front();
}

// `frame` is what should have been one.
void Conversation::PrintBroken(Direction direction, ByteView frame, const std::string& words) {
  sound_ = false;
  const std::vector<FramePart> parts = DescribeAnyFrame(frame, {});
  print_(fmt::format("{}{} {}\n{}", label_, ArrowOf(direction), words, FormatParts(parts)));
  KeepMasked(direction, frame, parts);
}

void Conversation::PrintRaw(Direction direction, ByteView bytes) {
  if (bytes.empty()) return;
  std::string text = fmt::format("{}{} {} that {} no frame\n", label_, ArrowOf(direction),
                                 Counted(bytes.size(), "byte"), bytes.size() == 1 ? "is" : "are");
  for (size_t i = 0; i < std::min(bytes.size(), kShownRawBytes); i += kRawLineBytes) {
    const ByteView line = bytes.substr(i, kRawLineBytes);
    std::string readable;
    for (const char c : line) readable.push_back(c >= 0x20 && c < 0x7f ? c : '.');
    text += fmt::format("  {:04x}  {:<32}  {}\n", i, ToHex(line), readable);
  }
  if (bytes.size() > kShownRawBytes) {
    text += fmt::format("  and {} more\n", Counted(bytes.size() - kShownRawBytes, "byte"));
  }
  print_(text);
}

}  // namespace smile::cat
