// The frames that docs/PROTOCOL.md shows byte for byte. Clients in other languages are checked
// against them, and tests/protocol pins them, so that the wire cannot change unnoticed.
#include <optional>
#include <utility>

#include "base/hash.h"
#include "protocol/describe.h"
#include "protocol/message.h"
#include "protocol/operations.h"
#include "protocol/reference.h"

namespace smile {
namespace {

class ExampleList {
 public:
  template <class Row>
  void Request(std::string title, uint32_t id, uint16_t deadline_ms,
               const typename Row::Request& request) {
    Bytes frame;
    EncodeRequest<Row>(id, deadline_ms, request, &frame);
    asked_ = RequestInfo{Row::kInfo.code, ContextOf(request)};
    Add(std::move(title), std::move(frame), {});
  }

  // To the request that was added last.
  template <class Row>
  void Reply(std::string title, uint32_t id, const typename Row::Response& response) {
    Bytes frame;
    EncodeReply<Row>(id, response, &frame);
    Add(std::move(title), std::move(frame), asked_);
  }

  void Error(std::string title, uint32_t id, const Status& status, const ErrorDetail& detail) {
    Bytes frame;
    EncodeError(id, status, detail, &frame);
    Add(std::move(title), std::move(frame), asked_);
  }

  std::vector<Example> Take() { return std::move(examples_); }

 private:
  void Add(std::string title, Bytes frame, const std::optional<RequestInfo>& request) {
    std::string explanation = FormatParts(DescribeFrame<Operations>(frame, request));
    examples_.push_back({std::move(title), std::move(frame), std::move(explanation)});
  }

  std::vector<Example> examples_;
  std::optional<RequestInfo> asked_;
};

RecordView RecordOf(uint64_t version, ByteView value) {
  return {.version = version, .checksum = Hash64(value), .expires_ms = 0, .value = value};
}

void AddConnection(ExampleList* examples) {
  examples->Request<op::Hello>("HELLO", 1, 0, {.client_name = "example"});
  examples->Reply<op::Hello>("HELLO's reply", 1,
                             {.version = kProtocolVersion,
                              .features = 0,
                              .max_frame_bytes = limits::kMaxFrameBytes,
                              .max_in_flight = limits::kMaxInFlightRequests,
                              .max_value_bytes = limits::kMaxValueBytes,
                              .server_name = "smiled 0.1.0"});
  examples->Request<op::Ping>("PING", 2, 0, {.payload = "hello"});
  examples->Reply<op::Ping>("PING's reply", 2, {.payload = "hello"});
}

void AddRecords(ExampleList* examples) {
  const Key profile = UserKey(42, "profile");
  const ByteView value = "Ada Lovelace";
  examples->Request<op::Put>("PUT if absent, to expire in an hour, with 500 ms left", 3, 500,
                             {.key = profile.view(),
                              .condition = {ConditionKind::kIfAbsent, 0},
                              .checksum = Hash64(value),
                              .value = value,
                              .expire_seconds = 3600});
  examples->Reply<op::Put>("PUT's reply", 3, {.version = 7});
  examples->Error("PUT's reply when the record was there", 3,
                  Status(Code::kConditionFailed, "users/42/profile is there"), {.version = 5});
  examples->Request<op::Get>("GET", 4, 0, {.key = profile.view()});
  examples->Reply<op::Get>("GET's reply", 4, {.record = RecordOf(7, value)});
  examples->Error("GET's reply when there is no such record", 4,
                  Status(Code::kNotFound, "there is no users/42/profile"), {});
  examples->Request<op::Delete>(
      "DELETE if the version is 7", 5, 0,
      {.key = profile.view(), .condition = {ConditionKind::kIfVersion, 7}});
  examples->Reply<op::Delete>("DELETE's reply", 5, {.version = 8});
}

void AddRanges(ExampleList* examples) {
  const Key link = LinkKey(42, 1, 7);
  const ByteView friends = ByteView(link.sort).substr(0, 1);
  const Bytes family = PrefixEnd(friends);
  const Bytes continuation = Bytes(1, '\1') + link.sort;
  examples->Request<op::Scan>("SCAN of the friends of user 42, one at a time", 6, 0,
                              {.partition = link.view().partition_view(),
                               .limit = 1,
                               .from = friends,
                               .to = ByteView(family)});
  examples->Reply<op::Scan>(
      "SCAN's reply, with a continuation", 6,
      {.entries = {{link.sort, RecordOf(9, "since 1842")}}, .continuation = continuation});
  examples->Request<op::Scan>("SCAN, going on", 7, 0,
                              {.partition = link.view().partition_view(),
                               .limit = 1,
                               .from = friends,
                               .to = ByteView(family),
                               .continuation = ByteView(continuation)});
  examples->Request<op::Batch>(
      "BATCH", 8, 0,
      {.partition = link.view().partition_view(),
       .items = {{MutationKind::kPut, link.sort, {}, 0, Hash64("met"), "met"},
                 {MutationKind::kDelete, ByteView("\5\0\0\0\0\0\0\0\3", 9), {}, 0, 0, {}}}});
  examples->Reply<op::Batch>("BATCH's reply", 8, {.versions = {10, 11}});
  examples->Error("The answer to bytes that are not the protocol", 0,
                  Status(Code::kProtocolError, "the frame's checksum does not match its bytes"),
                  {});
}

}  // namespace

std::vector<Example> MakeExamples() {
  ExampleList examples;
  AddConnection(&examples);
  AddRecords(&examples);
  AddRanges(&examples);
  return examples.Take();
}

}  // namespace smile
