#include "server/counter_handlers.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "server/answer_task.h"
#include "server/request_checks.h"

namespace smile {
namespace {

// What the record of a token holds, by which the use of a token for another addition is noticed.
Bytes MarkOf(const op::Add::Request& request) {
  Bytes what(1, request.saturate ? 's' : 'r');
  what.append(FormatNumber(request.amount)).append(1, ' ');
  what.append(1, static_cast<char>(request.key.table)).append(request.key.partition);
  what.append(request.key.sort);
  return FormatNumber(static_cast<int64_t>(Hash64(what)));
}

void ReplyWithError(const WriteReply& result, Reply* reply) {
  ErrorDetail detail;
  if (result.status.code() == Code::kConditionFailed) detail.version = result.met_version;
  reply->Fail(result.status, detail);
}

// Whether the condition that failed was that of the token. The addition's own mutation is 0.
bool IsOfToken(const WriteReply& result) {
  return result.failed_index == 1;
}

// The reply to an addition with a token that failed, from the records of its token and its key: it
// may have been made before.
void ReplyRepeated(const WriteReply& result, const Result<ReadReply>& read, const Bytes& mark,
                   Reply* reply) {
  if (!read.ok()) return reply->Fail(read.status());
  CHECK(read->size() == 2, "the token and the record were asked for");
  const Result<Record>& token = (*read)[0];
  const Result<Record>& record = (*read)[1];
  if (!token.ok()) {
    if (token.status().code() != Code::kNotFound) return reply->Fail(token.status());
    if (!IsOfToken(result)) return ReplyWithError(result, reply);
    return reply->Fail({Code::kUnavailable, "the token has just expired: send the request again"});
  }
  if (token->value != mark) {
    return reply->Fail(
        {Code::kInvalid, "the token was used for another addition: use a new one for each"});
  }
  if (!record.ok() && record.status().code() != Code::kNotFound) {
    return reply->Fail(record.status());
  }
  const std::optional<int64_t> number = record.ok() ? ParseNumber(record->value) : 0;
  reply->Ok<op::Add>({.value = number.value_or(0),
                      .version = record.ok() ? record->version : 0,
                      .repeated = true});
}

}  // namespace

Status CounterHandlers::Check(op::Add, const op::Add::Request& request) const {
  SMILE_TRY(CheckKey(request.key));
  return request.token.has_value() ? CheckLength("the token", *request.token, kAdditionTokenBytes)
                                   : Status();
}

WriteRequest CounterHandlers::RequestOf(const op::Add::Request& request, ByteView mark,
                                        int64_t deadline, uint64_t source) const {
  const Addition addition{.amount = request.amount, .saturate = request.saturate};
  WriteRequest write(request.key.partition_view(),
                     {{.kind = MutationKind::kAdd, .sort = request.key.sort, .addition = addition}},
                     deadline, source);
  if (!request.token.has_value()) return write;
  const auto expires = static_cast<uint64_t>(clock_.WallMillis()) + limits::kTokenKeptMillis;
  write.AddAlso(WriteRequest({Table::kTokens, *request.token},
                             {{.kind = MutationKind::kPut,
                               .condition = IfAbsent(),
                               .expires_ms = expires,
                               .checksum = Hash64(mark),
                               .value = mark}},
                             deadline, source));
  return write;
}

void CounterHandlers::Start(op::Add, const op::Add::Request& request, int64_t deadline,
                            Responder to) const {
  CHECK(!request.token.has_value() || engine_.can_write_together());
  const uint64_t source = to.source();
  ReadRequest again{.call = WriteCallOf(deadline, to)};
  Bytes mark;
  if (request.token.has_value()) {
    again.keys = {Key(Table::kTokens, *request.token, {}), Key(request.key)};
    mark = MarkOf(request);
  }
  WriteRequest write = RequestOf(request, mark, deadline, source);
  auto done = [this, to = std::move(to), again = std::move(again),
               mark = std::move(mark)](const WriteReply& result) {
    // A repetition may also fail because the number is at its limit, or is none any more.
    const bool may_be_repeated =
        result.status.code() == Code::kConditionFailed && !again.keys.empty();
    if (!may_be_repeated) {
      return to.Send([result](Reply& reply) {
        if (!result.status.ok()) return ReplyWithError(result, &reply);
        CHECK(result.versions.size() == 1 && result.numbers.size() == 1);
        reply.Ok<op::Add>({.value = result.numbers.front(), .version = result.versions.front()});
      });
    }
    engine_.Read(again, [to, mark, result](const Result<ReadReply>& read) {
      to.Send([read, mark, result](Reply& reply) { ReplyRepeated(result, read, mark, &reply); });
    });
  };
  engine_.Write(std::move(write), std::move(done));
}

}  // namespace smile
