// The example frames of docs/PROTOCOL.md: a conversation of a client with a new server.
// tests/server/reference_examples_test.cc checks that a session gives these replies, clients in
// other languages are tested against them, and tests/protocol pins them, so that the wire format
// cannot change unnoticed.
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

  // The reply to the request that was added last.
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

  template <class Row>
  void Broken(std::string title, uint32_t id, const typename Row::Request& request) {
    Bytes frame;
    EncodeRequest<Row>(id, 0, request, &frame);
    frame[0] = static_cast<char>(frame[0] ^ 1);
    asked_.reset();
    Add(std::move(title), std::move(frame), {});
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

// As given by a server whose directory was created at kNow, with no other writes.
constexpr uint64_t kNow = 1'700'000'000'000;
constexpr uint64_t VersionOfWrite(uint64_t n) {
  return (kNow << 21) + n;
}

RecordView RecordOf(uint64_t version, ByteView value, uint64_t expires_ms = 0) {
  return {.version = version, .checksum = Hash64(value), .expires_ms = expires_ms, .value = value};
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
  const Key theme = UserKey(42, "theme");
  const ByteView value = "Ada Lovelace";
  const op::Put::Request put = {.key = profile.view(),
                                .condition = {ConditionKind::kIfAbsent, 0},
                                .checksum = Hash64(value),
                                .value = value,
                                .expire_seconds = 3600};
  const RecordView record = RecordOf(VersionOfWrite(1), value, kNow + 3'600'000);
  examples->Request<op::Put>("PUT if absent, with a TTL of an hour and a deadline of 500 ms", 3,
                             500, put);
  examples->Reply<op::Put>("PUT's reply", 3, {.version = VersionOfWrite(1)});
  examples->Request<op::Put>("The same PUT again", 4, 500, put);
  examples->Error("PUT's reply when the record exists", 4, Status(Code::kConditionFailed, ""),
                  {.version = VersionOfWrite(1)});
  examples->Request<op::Get>("GET", 5, 0, {.key = profile.view()});
  examples->Reply<op::Get>("GET's reply", 5, {.record = record});
  examples->Request<op::MGet>("MGET of two records", 6, 0,
                              {.keys = {profile.view(), theme.view()}});
  examples->Reply<op::MGet>(
      "MGET's reply when the second is absent", 6,
      {.results = {{KeyOutcome::kFound, record}, {KeyOutcome::kNotFound, {}}}});
  examples->Request<op::Delete>(
      "DELETE if it still has that version", 7, 0,
      {.key = profile.view(), .condition = {ConditionKind::kIfVersion, VersionOfWrite(1)}});
  examples->Reply<op::Delete>("DELETE's reply", 7, {.version = VersionOfWrite(2)});
  examples->Request<op::Get>("GET of an absent record", 8, 0, {.key = profile.view()});
  examples->Error("GET's reply when the record is absent", 8, Status(Code::kNotFound, ""), {});
}

void AddRanges(ExampleList* examples) {
  const Key seven = LinkKey(42, LinkKind::kFriend, 7);
  const Key nine = LinkKey(42, LinkKind::kFriend, 9);
  const Key followed = LinkKey(42, LinkKind::kFollow, 3);
  const PartitionView links = seven.view().partition_view();
  const op::BatchItem met{MutationKind::kPut,    seven.sort,   {}, 0,
                          Hash64("met in 1833"), "met in 1833"};
  const op::BatchItem other{MutationKind::kPut, nine.sort, {}, 0, Hash64(""), ""};
  examples->Request<op::Batch>(
      "BATCH of two puts and a delete", 9, 0,
      {.partition = links, .items = {met, other, {MutationKind::kDelete, followed.sort}}});
  examples->Reply<op::Batch>(
      "BATCH's reply", 9, {.versions = {VersionOfWrite(3), VersionOfWrite(4), VersionOfWrite(5)}});
  op::BatchItem again{MutationKind::kPut, followed.sort, {}, 0, Hash64(""), ""};
  const op::BatchItem first = again;
  again.condition.kind = ConditionKind::kIfAbsent;
  examples->Request<op::Batch>("BATCH whose second condition fails because of its first item", 10,
                               0, {.partition = links, .items = {first, again}});
  examples->Error("BATCH's reply when a condition fails because of an earlier item", 10,
                  Status(Code::kConditionFailed, ""), {.index = 1, .version = 0, .met_index = 0});

  const ByteView friends = ByteView(seven.sort).substr(0, 1);
  const Bytes family = PrefixEnd(friends);
  const Bytes continuation = Bytes(1, '\1') + seven.sort;
  op::Scan::Request scan = {
      .partition = links, .limit = 1, .from = friends, .to = ByteView(family)};
  examples->Request<op::Scan>("SCAN of the friends of user 42, one per page", 11, 0, scan);
  examples->Reply<op::Scan>(
      "SCAN's reply, with a continuation token", 11,
      {.entries = {{EntryOutcome::kFound, seven.sort, RecordOf(VersionOfWrite(3), "met in 1833")}},
       .continuation = continuation});
  scan.continuation = ByteView(continuation);
  examples->Request<op::Scan>("SCAN of the next page", 12, 0, scan);
  examples->Reply<op::Scan>(
      "SCAN's last reply", 12,
      {.entries = {{EntryOutcome::kFound, nine.sort, RecordOf(VersionOfWrite(4), "")}}});
  examples->Request<op::List>("LIST of the users that have links", 13, 0,
                              {.table = Table::kLinks, .limit = 100});
  examples->Reply<op::List>("LIST's reply", 13, {.partitions = {links.id}});
}

void AddRest(ExampleList* examples) {
  examples->Request<op::Stats>("STATS", 14, 0, {});
  examples->Reply<op::Stats>("STATS' reply (of a server with a single statistic)", 14,
                             {.stats = {{"server.connections.open_count", 1}}});
  examples->Broken<op::Ping>("A PING whose checksum is off by one bit", 15, {.payload = "hello"});
  examples->Error(
      "The reply to that, before the connection closes", 0,
      Status(Code::kProtocolError,
             "the frame's checksum does not match its bytes: they were damaged in transit, "
             "or are not Smile's protocol"),
      {});
}

}  // namespace

std::vector<Example> MakeExamples() {
  ExampleList examples;
  AddConnection(&examples);
  AddRecords(&examples);
  AddRanges(&examples);
  AddRest(&examples);
  return examples.Take();
}

}  // namespace smile
