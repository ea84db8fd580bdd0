#include "server/link_handlers.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/limits.h"
#include "server/answer_task.h"
#include "server/link_reply.h"
#include "server/request_checks.h"

namespace smile {
namespace {

template <class Request>
LinkSide SideOf(const Request& request) {
  return {.user = request.user, .kind = LinkKind{request.kind}, .other = request.other};
}

template <class Request>
LinksOf OwnerOf(const Request& request) {
  return {.user = request.user, .kind = LinkKind{request.kind}};
}

LinkChange ChangeOf(const op::Link::Request& request) {
  LinkChange change{.kind = LinkChange::Kind::kLink,
                    .side = SideOf(request),
                    .value = Bytes(request.value),
                    .inverse = {},
                    .time_ms = request.time_ms};
  if (request.inverse) change.inverse = LinkKind{*request.inverse};
  return change;
}

LinkChange ChangeOf(const op::Unlink::Request& request) {
  return {.kind = LinkChange::Kind::kUnlink,
          .side = SideOf(request),
          .value = {},
          .inverse = {},
          .time_ms = {}};
}

LinkListRequest ListRequestOf(const op::LinkList::Request& request, CallContext call) {
  const Result<LinkStart> start = StartOf(request);
  CHECK(start.ok(), "Check() comes first");
  return {.of = OwnerOf(request),
          .limit = std::min(request.limit, limits::kMaxLinkEntries),
          .since_ms = request.since_ms,
          .before_ms = request.before_ms,
          .after = start->after,
          .from = start->from,
          .call = std::move(call)};
}

template <class Respond>
void StartChange(const LinkService& links, LinkChange change, int64_t deadline, Responder to,
                 Respond respond) {
  change.call = WriteCallOf(deadline, to);
  links.Change(std::move(change),
               [to = std::move(to), respond = std::move(respond)](Result<LinkChanged> result) {
                 to.Send([result = std::move(result), respond](Reply& reply) {
                   if (!result.ok()) return reply.Fail(result.status());
                   respond(*result, reply);
                 });
               });
}

}  // namespace

// --- Check ---------------------------------------------------------------------------------------

Status LinkHandlers::Check(op::Link, const op::Link::Request& request) const {
  return LinkService::Check(ChangeOf(request));
}

Status LinkHandlers::Check(op::Unlink, const op::Unlink::Request& request) const {
  return LinkService::Check(ChangeOf(request));
}

Status LinkHandlers::Check(op::LinkCount, const op::LinkCount::Request& request) const {
  return CheckLinkKind(request.kind);
}

Status LinkHandlers::Check(op::LinkList, const op::LinkList::Request& request) const {
  SMILE_TRY(CheckLinkKind(request.kind));
  SMILE_TRY(CheckLimit(request.limit));
  return StartOf(request).status();
}

Status LinkHandlers::Check(op::LinkCheck, const op::LinkCheck::Request& request) const {
  SMILE_TRY(CheckLinkKind(request.kind));
  if (request.others.empty()) return {Code::kInvalid, "no others: at least one is required"};
  if (request.others.size() <= limits::kMaxLinkChecks) return {};
  return {Code::kTooLarge, fmt::format("{} others exceed the limit of {}: split the request",
                                       request.others.size(), limits::kMaxLinkChecks)};
}

Status LinkHandlers::Check(op::LinkCommon, const op::LinkCommon::Request& request) const {
  SMILE_TRY(CheckLinkKind(request.kind));
  SMILE_TRY(CheckLimit(request.limit));
  return StartOf(request).status();
}

// --- TryNow --------------------------------------------------------------------------------------

std::optional<LookupKey> LinkHandlers::LookupOf(op::LinkCount,
                                                const op::LinkCount::Request& request) {
  return LookupKey(OwnerOf(request).Head());
}

bool LinkHandlers::AnswerFrom(op::LinkCount, const op::LinkCount::Request&, PeekResult result,
                              const RecordView& record, Reply* reply) {
  const std::optional<uint64_t> count =
      result == PeekResult::kAbsent ? 0 : LinkService::CountFrom(record);
  if (count) reply->Ok<op::LinkCount>({.count = *count});
  return count.has_value();  // Start reports damage
}

std::optional<LookupKey> LinkHandlers::LookupOf(op::LinkCheck,
                                                const op::LinkCheck::Request& request) {
  if (request.others.size() != 1) return std::nullopt;
  return LookupKey(OwnerOf(request).Head());
}

bool LinkHandlers::AnswerFrom(op::LinkCheck, const op::LinkCheck::Request& request,
                              PeekResult result, const RecordView& record, Reply* reply) {
  std::optional<LinkEntry> entry;
  if (result == PeekResult::kFound &&
      !LinkService::CheckFrom(record, request.others.front(), &entry)) {
    return false;  // more records are needed
  }
  ReplyWithLinks({entry ? &*entry : nullptr, entry ? 1u : 0u}, reply);
  return true;
}

bool LinkHandlers::TryNow(op::LinkList, const op::LinkList::Request& request, Reply* reply) const {
  const std::optional<LinkPage> page = links_.PeekList(ListRequestOf(request, {}));
  if (page) ReplyWithLinks(OwnerOf(request), *page, reply);
  return page.has_value();
}

bool LinkHandlers::TryNow(op::LinkCheck, const op::LinkCheck::Request& request,
                          Reply* reply) const {
  if (request.others.size() > limits::kMaxPeekKeys) return false;
  std::optional<std::vector<LinkEntry>> entries =
      links_.PeekLinks(OwnerOf(request), request.others);
  if (entries) ReplyWithLinks(*entries, reply);
  return entries.has_value();
}

// --- Start ---------------------------------------------------------------------------------------

void LinkHandlers::Start(op::Link, const op::Link::Request& request, int64_t deadline,
                         Responder to) const {
  StartChange(links_, ChangeOf(request), deadline, std::move(to),
              [](const LinkChanged& changed, Reply& reply) {
                reply.Ok<op::Link>({.created = changed.changed, .time_ms = changed.time_ms});
              });
}

void LinkHandlers::Start(op::Unlink, const op::Unlink::Request& request, int64_t deadline,
                         Responder to) const {
  StartChange(links_, ChangeOf(request), deadline, std::move(to),
              [](const LinkChanged& changed, Reply& reply) {
                reply.Ok<op::Unlink>({.removed = changed.changed});
              });
}

void LinkHandlers::Start(op::LinkCount, const op::LinkCount::Request& request, int64_t deadline,
                         Responder to) const {
  const CallContext call = ReadCallOf(deadline, to);
  (void)AnswerRead(links_.Count(OwnerOf(request), call), std::move(to), call.memory,
                   [](uint64_t count, Reply& reply) { reply.Ok<op::LinkCount>({.count = count}); });
}

void LinkHandlers::Start(op::LinkList, const op::LinkList::Request& request, int64_t deadline,
                         Responder to) const {
  const CallContext call = ReadCallOf(deadline, to);
  (void)AnswerRead(links_.List(ListRequestOf(request, call)), std::move(to), call.memory,
                   [of = OwnerOf(request)](const LinkPage& page, Reply& reply) {
                     ReplyWithLinks(of, page, &reply);
                   });
}

void LinkHandlers::Start(op::LinkCheck, const op::LinkCheck::Request& request, int64_t deadline,
                         Responder to) const {
  const CallContext call = ReadCallOf(deadline, to);
  auto task = links_.Check({.of = OwnerOf(request), .others = request.others, .call = call});
  (void)AnswerRead(
      std::move(task), std::move(to), call.memory,
      [](const std::vector<LinkEntry>& entries, Reply& reply) { ReplyWithLinks(entries, &reply); });
}

void LinkHandlers::Start(op::LinkCommon, const op::LinkCommon::Request& request, int64_t deadline,
                         Responder to) const {
  const Result<uint64_t> start = StartOf(request);
  CHECK(start.ok(), "Check() comes first");
  const CommonLinksRequest common{.of = OwnerOf(request),
                                  .other = request.other,
                                  .limit = std::min(request.limit, limits::kMaxLinkEntries),
                                  .from = *start,
                                  .call = ReadCallOf(deadline, to)};
  (void)AnswerRead(
      links_.Common(common), std::move(to), common.call.memory,
      [common](const CommonLinks& links, Reply& reply) { ReplyWithCommon(common, links, &reply); });
}

void LinkHandlers::Start(op::LinkCounts, const op::LinkCounts::Request& request, int64_t deadline,
                         Responder to) const {
  const CallContext call = ReadCallOf(deadline, to);
  (void)AnswerRead(links_.Counts(request.user, call), std::move(to), call.memory,
                   [](const std::vector<KindCount>& counts, Reply& reply) {
                     op::LinkCounts::Response response;
                     response.counts.reserve(counts.size());
                     for (const KindCount& one : counts) {
                       response.counts.push_back({static_cast<uint8_t>(one.kind), one.count});
                     }
                     reply.Ok<op::LinkCounts>(response);
                   });
}

}  // namespace smile
