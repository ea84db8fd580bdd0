#include "protocol/describe.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "protocol/text_writer.h"

namespace smile {
namespace {

constexpr size_t kShownBytes = 16;
constexpr size_t kShownTextBytes = 60;

struct HeaderField {
  std::string_view name;
  size_t offset;
  size_t size;
};
constexpr HeaderField kHeaderFields[] = {{"checksum", 0, 4}, {"length", 4, 4}, {"id", 8, 4},
                                         {"code", 12, 1},    {"flags", 13, 1}, {"deadline", 14, 2}};

std::string DescribeFlags(uint8_t flags) {
  std::string text = (flags & kFlagReply) != 0 ? "reply" : "request";
  if ((flags & kFlagMoreFollows) != 0) text += ", more follows";
  if ((flags & kFlagCoversStart) != 0) text += ", the last field has a checksum of its own";
  if ((flags & ~kKnownFlags) != 0) text += ", unknown bits";
  return text;
}

std::string DescribeCode(const FrameHeader& header, const OperationInfo* operation) {
  if ((header.flags & kFlagReply) != 0) {
    const CodeInfo* info = FindCode(header.code);
    return std::string(info != nullptr ? info->name : "unknown status");
  }
  return std::string(operation != nullptr ? operation->name : "unknown operation");
}

static_assert(
    [] {
      size_t end = 0;
      for (const HeaderField& field : kHeaderFields) {
        if (field.offset != end) return false;
        end += field.size;
      }
      return end == kFrameHeaderBytes;
    }(),
    "the fields of a header leave no gap");

// Sets the meaning of the fields of a complete header, and whether they can be correct.
void ExplainHeader(ByteView bytes, const OperationInfo* operation, std::vector<FramePart>* parts) {
  CHECK(parts->size() == std::size(kHeaderFields));
  const FrameHeader header = LoadFrameHeader(bytes);
  const bool length_fits = header.length == bytes.size();
  FramePart& checksum = (*parts)[0];
  if (!length_fits) {
    checksum.meaning = "cannot be verified";
    (*parts)[1].broken = true;
    (*parts)[1].meaning =
        fmt::format("{}, but the frame has {} bytes", header.length, bytes.size());
  } else {
    const uint32_t expected = FrameChecksum(bytes);
    checksum.broken = expected != header.checksum;
    checksum.meaning = checksum.broken ? fmt::format("{:08x}, but the bytes have {:08x}",
                                                     header.checksum, expected)
                                       : fmt::format("{:08x}, correct", header.checksum);
    (*parts)[1].meaning = std::to_string(header.length);
  }
  (*parts)[2].meaning = std::to_string(header.id);
  (*parts)[3].meaning = DescribeCode(header, operation);
  (*parts)[4].meaning = DescribeFlags(header.flags);
  const bool covers_start = (header.flags & kFlagCoversStart) != 0;
  (*parts)[5].meaning = covers_start ? fmt::format("checksum up to {}", header.deadline_ms)
                        : header.deadline_ms == 0 ? "none"
                                                  : fmt::format("{} ms", header.deadline_ms);
}

std::string ShortHex(const FramePart& part) {
  const ByteView bytes = part.bytes;
  if (part.is_secret) return "** …";
  std::string text;
  for (size_t i = 0; i < std::min(bytes.size(), kShownBytes); ++i) {
    text.append(i > 0 ? " " : "").append(ToHex(bytes.substr(i, 1)));
  }
  if (bytes.size() > kShownBytes) text += " …";
  return text;
}

}  // namespace

void Dissector::Add(size_t start, std::string name, std::string meaning) {
  CHECK(start == end_ && start <= offset(), "parts leave no gap");
  end_ = offset();
  parts_.push_back(
      {start, frame_.substr(start, offset() - start), std::move(name), std::move(meaning)});
}

void Dissector::AddSecret(size_t start, std::string name) {
  Add(start, std::move(name), std::string(kMaskedSecret));
  parts_.back().is_secret = true;
}

// The remaining bytes cannot be decoded.
void Dissector::Break(std::string name, std::string why) {
  const size_t start = offset();
  CHECK(start == end_, "parts leave no gap");
  end_ = frame_.size();
  in_ = ByteReader({});
  parts_.push_back(
      {start, frame_.substr(start), std::move(name), std::move(why), true, has_secrets_});
}

bool Dissector::TakeLength(const std::string& name, uint64_t max, uint64_t* value) {
  const size_t start = offset();
  ByteReader ahead = in_;
  if (!ahead.ReadVarint(value)) {
    Break(name, in_.empty() ? "the frame ends here" : "invalid varint");
    return false;
  }
  if (*value > max) {
    Break(name, fmt::format("{} exceeds {}", *value, max));
    return false;
  }
  in_ = ahead;
  Add(start, name, std::to_string(*value));
  return true;
}

bool Dissector::TakeText(const std::string& name, TextForm form) {
  uint64_t size = 0;
  if (!TakeLength("length of " + name, in_.remaining(), &size)) return false;
  const size_t start = offset();
  ByteView bytes;
  if (!in_.ReadBytes(static_cast<size_t>(size), &bytes)) {
    Break(name, "truncated");
    return false;
  }
  if (bytes.empty()) return true;
  if (IsSecret(form)) {
    AddSecret(start, name);
    return true;
  }
  const bool is_text = form == TextForm::kPlain || form == TextForm::kValue;
  Add(start, name,
      is_text ? FormatBytes(bytes, {.max_bytes = kShownTextBytes})
              : WordFor(form, context_, bytes));
  return true;
}

void Dissector::TakeRest() {
  if (!in_.empty()) Break("rest", "unexpected bytes");
  CHECK(end_ == frame_.size() && in_.empty(), "the parts cover the frame");
}

std::vector<FramePart> DescribeHeader(ByteView bytes, const OperationInfo* operation) {
  std::vector<FramePart> parts;
  for (const HeaderField& field : kHeaderFields) {
    if (bytes.size() < field.offset + field.size) {
      parts.push_back({field.offset, bytes.substr(std::min(field.offset, bytes.size())),
                       std::string(field.name), "the header is truncated", true});
      return parts;
    }
    parts.push_back(
        {field.offset, bytes.substr(field.offset, field.size), std::string(field.name), {}, false});
  }
  ExplainHeader(bytes, operation, &parts);
  return parts;
}

std::string FormatParts(const std::vector<FramePart>& parts) {
  size_t hex_width = 0;
  size_t name_width = 0;
  for (const FramePart& part : parts) {
    hex_width = std::max(hex_width, ShortHex(part).size());
    name_width = std::max(name_width, part.name.size());
  }
  std::string text;
  for (const FramePart& part : parts) {
    text += fmt::format("{:>6}  {:<{}}  {:<{}}  {}{}\n", part.offset, ShortHex(part), hex_width,
                        part.name, name_width, part.broken ? "BROKEN: " : "", part.meaning);
  }
  return text;
}

}  // namespace smile
