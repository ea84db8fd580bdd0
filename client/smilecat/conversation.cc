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

Conversation::Conversation(std::string label, Print print)
    : label_(std::move(label)),
      print_(std::move(print)),
      sides_{{FrameReader(limits::kMaxFrameBytes)},
             {FrameReader(limits::kMaxFrameBytes)},
             {FrameReader(limits::kMaxFrameBytes)}} {}

void Conversation::Feed(Direction direction, ByteView bytes) {
  Side& side = SideOf(direction);
  if (side.broken) {
    PrintRaw(direction, bytes);
    return;
  }
  side.reader.Feed(bytes);
  side.reader.Keep();
  while (true) {
    const Bytes next(NextFrameOf(side.reader.rest()));
    const Bytes behind(side.reader.rest().substr(next.size(), kShownRawBytes));
    Frame frame;
    switch (side.reader.Next(&frame)) {
      case FrameReader::Event::kFrame:
        PrintFrame(direction, frame);
        break;
      case FrameReader::Event::kNeedMore:
        return;
      case FrameReader::Event::kBroken:
        side.broken = true;
        PrintBroken(direction, next, side.reader.error().message());
        PrintRaw(direction, behind);
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
  print_(fmt::format("{}{} {}, id {}, {}\n{}", label_, ArrowOf(direction), title, header.id,
                     Counted(frame.bytes.size(), "byte"),
                     FormatParts(DescribeAnyFrame(frame.bytes, request))));
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
  print_(fmt::format("{}{} {}\n{}", label_, ArrowOf(direction), words,
                     FormatParts(DescribeAnyFrame(frame, {}))));
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
