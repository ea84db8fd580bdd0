#include "protocol/reference.h"

#include <iterator>

#include <fmt/format.h>

#include "base/check.h"
#include "base/limits.h"
#include "model/tables.h"
#include "protocol/operations.h"

namespace smile {
namespace {

std::string_view NameOfEffect(Effect effect) {
  switch (effect) {
    case Effect::kRead:
      return "read";
    case Effect::kWrite:
      return "write";
    case Effect::kCredentials:
      return "credentials";
    case Effect::kAdmin:
      break;
  }
  return "admin";
}

std::string DescribeWidth(const Part& part) {
  switch (part.type) {
    case PartType::kU64:
      return "u64, 8 bytes big-endian";
    case PartType::kU32:
      return "u32, 4 bytes big-endian";
    case PartType::kU8: {
      std::string text = "u8, 1 byte";
      std::string_view before = ": ";
      for (const NumberName& known : part.number_names) {
        text += fmt::format("{}{} {}", before, known.number, known.name);
        before = ", ";
      }
      return text + (part.only_named ? "; no others" : "; any other may be used");
    }
    case PartType::kBytes16:
      return "16 bytes";
    case PartType::kBytes32:
      return "32 bytes";
    case PartType::kName:
      break;
  }
  return fmt::format("1 to {} bytes, always the last part", limits::kMaxNameBytes);
}

struct Limit {
  std::string_view what;
  uint64_t value;
  std::string_view when_met;
};
constexpr Limit kLimits[] = {
    {"bytes of a frame, including its header, before HELLO", limits::kMaxFrameBytesBeforeHello,
     "`too_large`, then the connection closes"},
    {"bytes of a request after HELLO, and of a reply unless HELLO agreed on less",
     limits::kMaxFrameBytes, "`too_large`, then the connection closes"},
    {"bytes of a value", limits::kMaxValueBytes, "`too_large`"},
    {"bytes of a name in a key", limits::kMaxNameBytes, "`invalid`"},
    {"seconds until a record expires", limits::kMaxExpirySeconds, "`invalid`"},
    {"keys of an MGET", limits::kMaxMGetKeys, "`too_large`"},
    {"items of a BATCH", limits::kMaxBatchMutations, "`too_large`"},
    {"entries of a SCAN's reply", limits::kMaxScanEntries, "a larger `limit` is reduced to this"},
    {"partitions of a LIST's reply", limits::kMaxListEntries,
     "a larger `limit` is reduced to this"},
    {"elements of any list in a frame", limits::kMaxListItems, "`invalid`"},
    {"bytes of values in a reply with more than one record", limits::kMaxReplyValueBytes,
     "SCAN returns a continuation token; MGET marks the remaining keys `retry`"},
    {"bytes of content", limits::kMaxContentBytes, "`too_large`"},
    {"pieces of an upload", limits::kMaxContentChunks, "`too_large`: use a larger `chunk_bytes`"},
    {"bytes of content type, name and custom field together", limits::kMaxMediaFieldBytes,
     "`too_large`"},
    {"milliseconds until an upload that is not committed is dropped", limits::kUploadExpiryMillis,
     "`not_found`"},
    {"bytes of a PING's payload", limits::kMaxPingBytes, "`too_large`"},
    {"bytes of client_name in HELLO", limits::kMaxClientNameBytes,
     "`too_large`, then the connection closes"},
    {"requests in flight per connection", limits::kMaxInFlightRequests,
     "the server does not read from the connection until below the limit"},
    {"bytes that reads in flight of a connection may be answered with",
     limits::kMaxInFlightReplyBytes,
     "the same, but MEDIA_READs wait by themselves; starts at one read and doubles whenever the "
     "client has received all replies"},
    {"bytes of requests in flight per connection", limits::kMaxInFlightBytes, "the same"},
    {"bytes of replies that a client has not received", limits::kOutputHighWaterBytes,
     "the same; starts at 1/32 of it and grows with the limit of reads in flight"},
    {"milliseconds until HELLO must have arrived",
     static_cast<uint64_t>(limits::kHelloTimeoutMillis),
     "`protocol_error`, then the connection closes"},
    {"milliseconds in which a client receives none of its waiting replies",
     static_cast<uint64_t>(limits::kStalledOutputTimeoutMillis), "the connection is closed"},
};

}  // namespace

namespace reference_internal {

std::string OperationHeading(const OperationInfo& info) {
  std::string name(info.name);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return fmt::format("\n### {} {}\n\nCode {}, since version {}, effect: {}. It {}.\n", info.code,
                     name, info.code, info.since, NameOfEffect(info.effect), info.summary);
}

std::string TableOf(std::string_view what, const std::string& rows) {
  if (rows.empty()) return fmt::format("\n{}: an empty body.\n", what);
  return fmt::format("\n{}:\n\n| field | type | meaning |\n|---|---|---|\n{}", what, rows);
}

std::string RowOf(std::string_view name, const std::string& type, std::string_view summary) {
  CHECK(!name.empty() && !summary.empty(), "every field is documented");
  CHECK(summary.find('|') == std::string_view::npos, "a cell of a table has no '|'");
  return fmt::format("| `{}` | {} | {} |\n", name, type, summary);
}

std::string OptionalType(const std::string& type, uint8_t tag) {
  return fmt::format("optional, tag {}{}: {}", tag, IsCriticalTag(tag) ? " (critical)" : "", type);
}

}  // namespace reference_internal

std::string DocumentErrors() {
  std::string text = "\n| number | status | class | meaning |\n|---:|---|---|---|\n";
  for (const CodeInfo& info : kCodes) {
    text += fmt::format("| {} | `{}` | {} | {} |\n", static_cast<int>(info.code), info.name,
                        NameOf(info.error_class), info.summary);
  }
  text += reference_internal::TableOf("Body of every reply whose status is not `ok`",
                                      reference_internal::RowsOf<ErrorBody>(""));
  return text;
}

std::string DocumentTables() {
  std::string text =
      "\n| number | table | partition | sort key | order of a scan | holds |\n"
      "|---:|---|---|---|---|---|\n";
  for (const TableInfo& table : ClientTables()) {
    std::string sort;
    for (const Part& part : table.sort()) {
      sort +=
          fmt::format("{}{}: {}", sort.empty() ? "" : "; then ", part.name, DescribeWidth(part));
    }
    text += fmt::format("| {} | `{}` | {}: {} | {} | {} | {} |\n", static_cast<int>(table.table),
                        table.name, table.partition.name, DescribeWidth(table.partition),
                        sort.empty() ? "none, 0 bytes" : sort,
                        table.newest_first ? "descending" : "ascending", table.summary);
  }
  return text;
}

std::string DocumentLimits() {
  std::string text = "\n| maximum | of | when exceeded |\n|---:|---|---|\n";
  for (const Limit& limit : kLimits) {
    CHECK(limit.value > 0 && !limit.when_met.empty(), "a limit says what happens");
    text += fmt::format("| {} | {} | {} |\n", limit.value, limit.what, limit.when_met);
  }
  return text;
}

std::string DocumentExamples() {
  std::string text;
  for (const Example& example : MakeExamples()) {
    text += fmt::format("\n### {}\n\n```hex\n", example.title);
    for (size_t i = 0; i < example.frame.size(); ++i) {
      const bool ends = i % 16 == 15 || i + 1 == example.frame.size();
      text += fmt::format("{:02x}{}", static_cast<uint8_t>(example.frame[i]), ends ? "\n" : " ");
    }
    text += fmt::format("```\n\n```text\n{}```\n", example.explanation);
  }
  return text;
}

std::string DocumentReference() {
  return "\n## Operations\n" + DocumentOperations<Operations>() + "\n## Statuses\n" +
         DocumentErrors() + "\n## Tables\n" + DocumentTables() + "\n## Limits\n" +
         DocumentLimits() +
         "\n## Examples\n\nEach is a complete frame in hexadecimal, followed by its fields: "
         "offset, bytes, name, meaning.\n" +
         DocumentExamples() + "\n";
}

}  // namespace smile
