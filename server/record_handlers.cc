#include "server/record_handlers.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "server/answer_task.h"
#include "server/continuation.h"
#include "server/key_results.h"
#include "server/page_reply.h"
#include "server/request_checks.h"

namespace smile {
namespace {

Status CheckCondition(const Condition& condition) {
  const bool has_version = condition.version != 0;
  if (has_version == (condition.kind == ConditionKind::kIfVersion)) return {};
  return {Code::kInvalid,
          "invalid condition: if_version needs a version other than 0, other kinds need version 0"};
}

Status CheckValue(ByteView value, uint64_t checksum) {
  if (value.size() > limits::kMaxValueBytes) {
    return {Code::kTooLarge,
            fmt::format(
                "the value has {} bytes, more than {}: store larger content as media (MEDIA_BEGIN)",
                value.size(), limits::kMaxValueBytes)};
  }
  if (Hash64(value) != checksum) {
    return {Code::kDamagedInTransit,
            "the value does not match its checksum (XXH3-64, seed 0): send it again"};
  }
  return {};
}

Status CheckExpiry(uint32_t seconds, uint32_t least) {
  if (seconds >= least && seconds <= limits::kMaxExpirySeconds) return {};
  return {Code::kInvalid, fmt::format("expire_seconds is {}; it must be from {} to {}", seconds,
                                      least, limits::kMaxExpirySeconds)};
}

Status CheckCount(std::string_view what, size_t count, size_t most) {
  if (count == 0) return {Code::kInvalid, fmt::format("no {}: at least one is required", what)};
  if (count <= most) return {};
  return {Code::kTooLarge,
          fmt::format("{} {} exceed the limit of {}: split the request", count, what, most)};
}

bool IsAddition(const op::BatchItem& item) {
  return item.kind == ItemKind::kAdd || item.kind == ItemKind::kAddSaturating;
}

Status CheckItem(Table table, const op::BatchItem& item) {
  SMILE_TRY(ValidateSort(table, item.sort));
  SMILE_TRY(CheckCondition(item.condition));
  if (item.kind == ItemKind::kDelete) {
    if (item.value.empty() && item.checksum == 0 && item.expire_seconds == 0) return {};
    return {Code::kInvalid, "a delete must not have a value, checksum or TTL"};
  }
  if (IsAddition(item)) {
    if (item.expire_seconds != 0) return {Code::kInvalid, "an addition must not have a TTL"};
    if (!ParseNumber(item.value).has_value()) {
      return {Code::kInvalid,
              "the value of an addition is its amount: a decimal integer from -2^63 to 2^63 - 1"};
    }
    return CheckValue(item.value, item.checksum);
  }
  SMILE_TRY(CheckExpiry(item.expire_seconds, 0));
  return CheckValue(item.value, item.checksum);
}

static_assert(limits::kMaxValueBytes + kFrameHeaderBytes + kRecordBytesWithoutValue + 4 <=
                  limits::kMaxFrameBytes,
              "every value fits into a request and a reply");

// What a failed write tells beside its status.
ErrorDetail DetailOf(const WriteReply& reply, bool with_index) {
  if (reply.status.code() != Code::kConditionFailed) return {};
  ErrorDetail detail{.version = reply.met_version};
  if (with_index) detail.index = reply.failed_index;
  detail.met_index = reply.met_index;
  return detail;
}

ScanRequest ToScanRequest(const op::Scan::Request& request) {
  CHECK(request.limit > 0, "Check() comes first");
  const size_t max_bytes = request.max_bytes == 0 ? limits::kMaxReplyValueBytes : request.max_bytes;
  const std::optional<ByteView> from = GoesOnFrom(request.continuation);
  const std::optional<ByteView> after = GoesOnAfter(request.continuation);
  return {.table = request.partition.table,
          .partition = Bytes(request.partition.id),
          .from = Bytes(GoesOn(request.continuation) ? from.value_or(ByteView())
                                                     : request.from.value_or(ByteView())),
          .to = Bytes(request.to.value_or(ByteView())),
          .after = Bytes(after.value_or(ByteView())),
          .limit = std::min(request.limit, limits::kMaxScanEntries),
          .max_value_bytes = std::min(max_bytes, limits::kMaxReplyValueBytes),
          .keys_only = request.keys_only};
}

void ReplyWithKeys(const Result<ReadReply>& result, const KnownResults& known, Reply* reply) {
  if (!result.ok()) return reply->Fail(result.status());
  for (const Result<Record>& record : *result) {
    // A retry would not help.
    if (record.status().code() == Code::kStorageFailed) return reply->Fail(record.status());
  }
  reply->OkIf([&](Bytes* body) {
    AppendKeyResults(known, *result, reply->max_body_bytes(), body);
    return true;
  });
}

// PUT or DELETE.
template <class Row>
void WriteOne(Engine* engine, const PartitionView& partition, const MutationView& mutation,
              int64_t deadline, Responder to) {
  const uint64_t source = to.source();
  engine->Write(WriteRequest(partition, {mutation}, deadline, source),
                [to = std::move(to)](WriteReply result) {
                  to.Send([result = std::move(result)](Reply& reply) {
                    if (!result.status.ok()) {
                      return reply.Fail(result.status, DetailOf(result, false));
                    }
                    CHECK(result.versions.size() == 1, "one version per mutation");
                    reply.Ok<Row>({.version = result.versions.front()});
                  });
                });
}

}  // namespace

uint64_t RecordHandlers::ExpiryOf(uint32_t expire_seconds) const {
  CHECK(expire_seconds <= limits::kMaxExpirySeconds, "Check() comes first");
  if (expire_seconds == 0) return 0;
  return static_cast<uint64_t>(clock_.WallMillis()) + uint64_t{1000} * expire_seconds;
}

// --- Check ---------------------------------------------------------------------------------------

Status RecordHandlers::Check(op::Get, const op::Get::Request& request) const {
  return CheckKey(request.key);
}

Status RecordHandlers::Check(op::MGet, const op::MGet::Request& request) const {
  SMILE_TRY(CheckCount("keys", request.keys.size(), limits::kMaxMGetKeys));
  for (const KeyView& key : request.keys) SMILE_TRY(CheckKey(key));
  return {};
}

Status RecordHandlers::Check(op::Put, const op::Put::Request& request) const {
  SMILE_TRY(CheckKey(request.key));
  SMILE_TRY(CheckCondition(request.condition));
  if (request.expire_seconds.has_value()) SMILE_TRY(CheckExpiry(*request.expire_seconds, 1));
  return CheckValue(request.value, request.checksum);
}

Status RecordHandlers::Check(op::Delete, const op::Delete::Request& request) const {
  SMILE_TRY(CheckKey(request.key));
  return CheckCondition(request.condition);
}

Status RecordHandlers::Check(op::Batch, const op::Batch::Request& request) const {
  SMILE_TRY(CheckPartition(request.partition));
  SMILE_TRY(CheckCount("items", request.items.size(), limits::kMaxBatchMutations));
  for (size_t i = 0; i < request.items.size(); ++i) {
    if (Status status = CheckItem(request.partition.table, request.items[i]); !status.ok()) {
      return {status.code(), fmt::format("item {}: {}", i, status.message())};
    }
  }
  return {};
}

Status RecordHandlers::Check(op::Scan, const op::Scan::Request& request) const {
  SMILE_TRY(CheckPartition(request.partition));
  SMILE_TRY(CheckLimit(request.limit));
  const Table table = request.partition.table;
  if (request.to.has_value()) {
    if (request.to->empty()) {
      return {Code::kInvalid, "`to` is empty: omit it to scan to the end"};
    }
    SMILE_TRY(ValidateSortBound(table, *request.to));
  }
  if (GoesOn(request.continuation)) return CheckScanContinuation(table, request.continuation);
  return ValidateSortBound(table, request.from.value_or(ByteView()));
}

Status RecordHandlers::Check(op::List, const op::List::Request& request) const {
  SMILE_TRY(CheckLimit(request.limit));
  return CheckListContinuation(request.table, request.continuation);
}

// --- TryNow --------------------------------------------------------------------------------------

std::optional<LookupKey> RecordHandlers::LookupOf(op::Get, const op::Get::Request& request) {
  return LookupKey(request.key);
}

bool RecordHandlers::AnswerFrom(op::Get, const op::Get::Request&, PeekResult result,
                                const RecordView& record, Reply* reply) {
  if (result == PeekResult::kFound) {
    reply->OkLent(record);
  } else {
    reply->Fail({Code::kNotFound, ""});
  }
  return true;
}

bool RecordHandlers::TryNow(op::MGet, const op::MGet::Request& request, Reply* reply,
                            KnownResults* known) const {
  if (request.keys.size() > limits::kMaxPeekKeys) return false;
  return reply->OkIf([&](Bytes* body) {
    return KeyResultsInMemory(reply->max_body_bytes(), body, known).Add(&engine_, request.keys);
  });
}

bool RecordHandlers::TryNow(op::Scan, const op::Scan::Request& request, Reply* reply) const {
  return engine_.PeekScan(
      ToScanRequest(request), [&](std::span<const ScanPage::Entry> entries, bool more) {
        ReplyWithPage(entries, more ? ContinuationAfter(entries.back().sort) : Bytes(), reply);
      });
}

// --- Start ---------------------------------------------------------------------------------------

void RecordHandlers::Start(op::Get, const op::Get::Request& request, int64_t deadline,
                           Responder to) const {
  ReadRequest read{.keys = {Key(request.key)}, .call = ReadCallOf(deadline, to)};
  auto memory = read.call.memory;
  engine_.Read(std::move(read), [to = std::move(to),
                                 memory = std::move(memory)](Result<ReadReply> result) mutable {
    to.SendResult(std::move(memory), [result = std::move(result)](Reply& reply) mutable {
      if (!result.ok()) return reply.Fail(result.status());
      CHECK(result->size() == 1, "one result per key");
      Result<Record>& record = result->front();
      if (!record.ok()) return reply.Fail(record.status());
      RecordView head = record->view();
      head.value = {};
      reply.OkOwned<op::Get>({.record = head}, std::move(record->value));
    });
  });
}

void RecordHandlers::Start(op::MGet, const op::MGet::Request& request, KnownResults known,
                           int64_t deadline, Responder to) const {
  ReadRequest read{.max_value_bytes = limits::kMaxReplyValueBytes,
                   .call = ReadCallOf(deadline, to)};
  if (!TryTake(read.call.memory, MemoryOf(known.encoded))) {
    return to.Send([](Reply& reply) { reply.Fail(NoMemoryForResult()); });
  }
  for (size_t i = 0; i < request.keys.size(); ++i) {
    if (!known.Knows(i)) read.keys.emplace_back(request.keys[i]);
  }
  CHECK(!read.keys.empty(), "an MGET whose results are all known was answered");
  auto memory = read.call.memory;
  engine_.Read(std::move(read), [to = std::move(to), memory = std::move(memory),
                                 known = std::move(known)](Result<ReadReply> result) mutable {
    to.SendResult(std::move(memory), [result = std::move(result), known = std::move(known)](
                                         Reply& reply) { ReplyWithKeys(result, known, &reply); });
  });
}

void RecordHandlers::Start(op::Put, const op::Put::Request& request, int64_t deadline,
                           Responder to) const {
  const MutationView mutation{.kind = MutationKind::kPut,
                              .sort = request.key.sort,
                              .condition = request.condition,
                              .expires_ms = ExpiryOf(request.expire_seconds.value_or(0)),
                              .checksum = request.checksum,
                              .value = request.value};
  WriteOne<op::Put>(&engine_, request.key.partition_view(), mutation, deadline, std::move(to));
}

void RecordHandlers::Start(op::Delete, const op::Delete::Request& request, int64_t deadline,
                           Responder to) const {
  const MutationView mutation{
      .kind = MutationKind::kDelete, .sort = request.key.sort, .condition = request.condition};
  WriteOne<op::Delete>(&engine_, request.key.partition_view(), mutation, deadline, std::move(to));
}

void RecordHandlers::Start(op::Batch, const op::Batch::Request& request, int64_t deadline,
                           Responder to) const {
  std::vector<MutationView> mutations;
  mutations.reserve(request.items.size());
  for (const op::BatchItem& item : request.items) {
    if (IsAddition(item)) {
      mutations.push_back({.kind = MutationKind::kAdd,
                           .sort = item.sort,
                           .condition = item.condition,
                           .addition = {.amount = ParseNumber(item.value).value(),
                                        .saturate = item.kind == ItemKind::kAddSaturating}});
      continue;
    }
    const bool is_put = item.kind == ItemKind::kPut;
    mutations.push_back({.kind = is_put ? MutationKind::kPut : MutationKind::kDelete,
                         .sort = item.sort,
                         .condition = item.condition,
                         .expires_ms = ExpiryOf(item.expire_seconds),
                         .checksum = item.checksum,
                         .value = item.value});
  }
  const uint64_t source = to.source();
  const size_t count = mutations.size();
  engine_.Write(WriteRequest(request.partition, std::move(mutations), deadline, source),
                [to = std::move(to), count](WriteReply result) {
                  to.Send([result = std::move(result), count](Reply& reply) {
                    if (!result.status.ok()) {
                      return reply.Fail(result.status, DetailOf(result, true));
                    }
                    CHECK(result.versions.size() == count, "one version per mutation");
                    op::Batch::Response response{.versions = result.versions};
                    if (!result.numbers.empty()) response.numbers = result.numbers;
                    reply.Ok<op::Batch>(response);
                  });
                });
}

void RecordHandlers::Start(op::Scan, const op::Scan::Request& request, int64_t deadline,
                           Responder to) const {
  ScanRequest scan = ToScanRequest(request);
  scan.call = ReadCallOf(deadline, to);
  auto memory = scan.call.memory;
  engine_.Scan(std::move(scan),
               [to = std::move(to), memory = std::move(memory)](Result<ScanPage> result) mutable {
                 to.SendResult(std::move(memory), [result = std::move(result)](Reply& reply) {
                   if (!result.ok()) return reply.Fail(result.status());
                   const ScanPage& page = *result;
                   std::vector<ScanPage::Entry> entries;
                   entries.reserve(page.size());
                   for (size_t i = 0; i < page.size(); ++i) entries.push_back(page[i]);
                   ReplyWithPage(entries, ContinuationOf(page), &reply);
                 });
               });
}

void RecordHandlers::Start(op::List, const op::List::Request& request, int64_t deadline,
                           Responder to) const {
  const std::optional<ByteView> from = GoesOnFrom(request.continuation);
  const std::optional<ByteView> after = GoesOnAfter(request.continuation);
  ListRequest list = {.table = request.table,
                      .after = Bytes(after.value_or(ByteView())),
                      .limit = std::min(request.limit, limits::kMaxListEntries),
                      .call = ReadCallOf(deadline, to)};
  if (from.has_value()) list.from = ListPlaceOf(*from);
  auto memory = list.call.memory;
  engine_.List(std::move(list),
               [to = std::move(to), memory = std::move(memory)](Result<ListPage> result) mutable {
                 to.SendResult(std::move(memory), [result = std::move(result)](Reply& reply) {
                   if (!result.ok()) return reply.Fail(result.status());
                   ReplyWithPage(*result, &reply);
                 });
               });
}

}  // namespace smile
