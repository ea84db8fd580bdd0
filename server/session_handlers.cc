#include "server/session_handlers.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/secret.h"
#include "server/answer_task.h"
#include "server/continuation.h"
#include "server/page_room.h"
#include "server/request_checks.h"

namespace smile {
namespace {

constexpr size_t kTokenBytes = 32;

Status CheckToken(ByteView token) {
  return CheckLength("the token", token, kTokenBytes);
}

void ReplyWithSession(const Result<SessionInfo>& info, Reply* reply) {
  if (!info.ok()) return reply->Fail(info.status());
  reply->Ok<op::SessionVerify>({.user = info->record.user,
                                .session = info->id.view(),
                                .label = info->record.label,
                                .created_ms = info->record.created_ms,
                                .expires_ms = info->record.expires_ms});
}

void ReplyWithSessions(const SessionPage& page, Reply* reply) {
  constexpr size_t kLengths = 2;
  constexpr size_t kTimesBytes = 2 * sizeof(uint64_t);
  op::SessionList::Response response;
  Bytes continuation = page.resume_from ? ContinuationFrom(*page.resume_from) : Bytes();
  PageRoom room(*reply, kLengths);
  for (const SessionInfo& info : page.sessions) {
    const SessionRecord& record = info.record;
    if (!room.Take(sizeof(info.id.bytes) + record.label.size() + kTimesBytes)) {
      continuation = ContinuationFrom(AccountSessionSort(record.created_ms, info.id));
      break;
    }
    response.sessions.push_back({.session = info.id.view(),
                                 .label = record.label,
                                 .created_ms = record.created_ms,
                                 .expires_ms = record.expires_ms});
  }
  response.continuation = continuation;
  reply->Ok<op::SessionList>(response);
}

}  // namespace

// --- Check ---------------------------------------------------------------------------------------

Status SessionHandlers::Check(op::SessionMake, const op::SessionMake::Request& request) const {
  SMILE_TRY(CheckAtMost("label", request.label, limits::kMaxSessionLabelBytes));
  if (request.expire_seconds >= 1 && request.expire_seconds <= limits::kMaxExpirySeconds) return {};
  return {Code::kInvalid, fmt::format("expire_seconds is {}; it must be from 1 to {}",
                                      request.expire_seconds, limits::kMaxExpirySeconds)};
}

Status SessionHandlers::Check(op::SessionVerify, const op::SessionVerify::Request& request) const {
  return CheckToken(request.token);
}

Status SessionHandlers::Check(op::SessionList, const op::SessionList::Request& request) const {
  SMILE_TRY(CheckLimit(request.limit));
  return CheckScanContinuation(Table::kAccounts, request.continuation);
}

Status SessionHandlers::Check(op::SessionRevoke, const op::SessionRevoke::Request& request) const {
  return CheckSessionId(request.session);
}

Status SessionHandlers::Check(op::SessionRevokeAll,
                              const op::SessionRevokeAll::Request& request) const {
  return CheckSessionId(request.keep_session);
}

// --- TryNow --------------------------------------------------------------------------------------

bool SessionHandlers::TryNow(op::SessionVerify, const op::SessionVerify::Request& request,
                             Reply* reply) const {
  const std::optional<Result<SessionInfo>> info = sessions_.TryVerify(request.token);
  if (info) ReplyWithSession(*info, reply);
  return info.has_value();
}

// --- Start ---------------------------------------------------------------------------------------

void SessionHandlers::Start(op::SessionMake, const op::SessionMake::Request& request,
                            int64_t deadline, Responder to) const {
  auto task = sessions_.Make({.user = request.user,
                              .label = Bytes(request.label),
                              .expire_seconds = request.expire_seconds,
                              .call = WriteCallOf(deadline, to)});
  (void)Answer(std::move(task), std::move(to), [](NewSession made, Reply& reply) {
    reply.Ok<op::SessionMake>(
        {.token = made.token, .session = made.id.view(), .expires_ms = made.expires_ms});
    Wipe(&made.token);
  });
}

void SessionHandlers::Start(op::SessionVerify, const op::SessionVerify::Request& request,
                            int64_t deadline, Responder to) const {
  auto task = sessions_.Verify(Bytes(request.token), CallOf(deadline, to));
  (void)Answer(std::move(task), std::move(to),
               [](const SessionInfo& info, Reply& reply) { ReplyWithSession(info, &reply); });
}

void SessionHandlers::Start(op::SessionList, const op::SessionList::Request& request,
                            int64_t deadline, Responder to) const {
  const CallContext call = ReadCallOf(deadline, to);
  auto task =
      sessions_.List({.user = request.user,
                      .after = Bytes(GoesOnAfter(request.continuation).value_or(ByteView())),
                      .from = Bytes(GoesOnFrom(request.continuation).value_or(ByteView())),
                      .limit = std::min(request.limit, limits::kMaxSessionsPerUser),
                      .call = call});
  (void)AnswerRead(std::move(task), std::move(to), call.memory,
                   [](const SessionPage& page, Reply& reply) { ReplyWithSessions(page, &reply); });
}

void SessionHandlers::Start(op::SessionRevoke, const op::SessionRevoke::Request& request,
                            int64_t deadline, Responder to) const {
  auto task = sessions_.Revoke(request.user, FromWire<Sha256Digest>(request.session),
                               WriteCallOf(deadline, to));
  (void)Answer(std::move(task), std::move(to), [](bool revoked, Reply& reply) {
    reply.Ok<op::SessionRevoke>({.revoked = revoked});
  });
}

void SessionHandlers::Start(op::SessionRevokeAll, const op::SessionRevokeAll::Request& request,
                            int64_t deadline, Responder to) const {
  auto task = sessions_.RevokeAll(request.user, FromWire<Sha256Digest>(request.keep_session),
                                  WriteCallOf(deadline, to));
  (void)Answer(std::move(task), std::move(to), [](uint64_t count, Reply& reply) {
    reply.Ok<op::SessionRevokeAll>({.revoked_sessions = count});
  });
}

}  // namespace smile
