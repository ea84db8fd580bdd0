#include "bench/smilebench/http_protocol.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"

namespace smile::bench {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr size_t kMaxHeadBytes = size_t{16} << 10;
constexpr std::string_view kVersion = "HTTP/1.1 ";
constexpr std::string_view kLength = "content-length:";
constexpr int kOk = 200;
constexpr int kNoContent = 204;
constexpr int kNotFound = 404;

Status NotHttp(std::string_view why) {
  return {Code::kProtocolError, fmt::format("not a response in HTTP/1.1: {}", why)};
}

template <class Integer>
bool ParseTo(std::string_view text, Integer* value) {
  const auto [end, error] = std::from_chars(text.begin(), text.end(), *value);
  return error == std::errc() && end != text.begin();
}

// The value of Content-Length, without leading blanks; empty if there is none.
std::string_view LengthIn(std::string_view head) {
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  const auto* const found =
      std::search(head.begin(), head.end(), kLength.begin(), kLength.end(), same);
  if (found == head.end()) return {};
  std::string_view value(found + kLength.size(), head.end());
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return value;
}

}  // namespace

HttpProtocol::HttpProtocol(std::string host, DriverEvents* events)
    : host_(std::move(host)), events_(events) {}

std::string HttpProtocol::PathOf(uint64_t number) {
  return fmt::format("/{:02x}/{}", number % 256, number);
}

void HttpProtocol::Encode(uint32_t slot, const Operation& operation, Bytes* out) {
  open_.push_back({slot, operation.kind});
  const bool put = operation.kind == OperationKind::kPut;
  const bool ping = operation.kind == OperationKind::kPing;
  *out += fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", put ? "PUT" : "GET",
                      ping ? "/" : PathOf(operation.number), host_);
  if (put) *out += fmt::format("Content-Length: {}\r\n", operation.value.size());
  *out += "\r\n";
  if (put) out->append(operation.value);
}

Status HttpProtocol::Receive(ByteView bytes) {
  while (!bytes.empty()) {
    if (!head_.has_value()) {
      SMILE_ASSIGN(head_, TakeHead(&bytes));
      if (!head_.has_value()) return {};  // not all of it is there yet
      if (open_.empty()) return NotHttp("nothing was requested");
    }
    // A body that is there as a whole is not copied.
    const size_t missing = head_->body_bytes - part_.size();
    const ByteView piece = bytes.substr(0, missing);
    bytes.remove_prefix(piece.size());
    const bool whole = part_.empty() && piece.size() == missing;
    if (!whole) part_.append(piece);
    if (piece.size() < missing) return {};
    Answer(*std::exchange(head_, std::nullopt), whole ? piece : ByteView(part_));
    part_.clear();
  }
  return {};
}

// Takes the head of a response from the start of *bytes, of which the first part may be in part_.
Result<std::optional<HttpProtocol::Head>> HttpProtocol::TakeHead(ByteView* bytes) {
  const size_t before = part_.size();
  part_.append(bytes->substr(0, kMaxHeadBytes));
  const size_t end = part_.find(kHeadEnd);
  if (end == Bytes::npos) {
    if (part_.size() > kMaxHeadBytes) return NotHttp("its head is too long");
    bytes->remove_prefix(part_.size() - before);
    return std::optional<Head>();
  }
  bytes->remove_prefix(end + kHeadEnd.size() - before);
  const std::string_view text = std::string_view(part_).substr(0, end);
  Head head;
  if (!text.starts_with(kVersion) || !ParseTo(text.substr(kVersion.size()), &head.status)) {
    return NotHttp("no status line");
  }
  const std::string_view length = LengthIn(text);
  if (head.status != kNoContent && !ParseTo(length, &head.body_bytes)) {
    return NotHttp("no Content-Length");
  }
  part_.clear();
  if (head.body_bytes > limits::kMaxValueBytes) return NotHttp("its body is too long");
  return std::optional(head);
}

void HttpProtocol::Answer(const Head& head, ByteView body) {
  const Open open = open_.front();
  open_.pop_front();
  if (open.kind == OperationKind::kPing) return events_->OnAnswer(open.slot, {}, {});
  if (head.status < kOk || head.status > kNoContent) {
    const Code code = head.status == kNotFound ? Code::kNotFound : Code::kInvalid;
    return events_->OnAnswer(open.slot, {code, fmt::format("status {}", head.status)}, {});
  }
  events_->OnAnswer(open.slot, {}, {.values = {&body, 1}});
}

void HttpProtocol::FailAll(const Status& why) {
  for (const Open& open : std::exchange(open_, {})) events_->OnAnswer(open.slot, why, {});
}

}  // namespace smile::bench
