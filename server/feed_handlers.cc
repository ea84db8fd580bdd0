#include "server/feed_handlers.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/limits.h"
#include "server/answer_task.h"
#include "server/feed_reply.h"
#include "server/request_checks.h"

namespace smile {

Status FeedHandlers::Check(op::Feed, const op::Feed::Request& request) const {
  if (request.kinds.empty()) return {Code::kInvalid, "no kinds: at least one is required"};
  if (request.kinds.size() > limits::kMaxFeedKinds) {
    return {Code::kTooLarge, fmt::format("{} kinds exceed the limit of {}", request.kinds.size(),
                                         limits::kMaxFeedKinds)};
  }
  for (const uint8_t kind : request.kinds) SMILE_TRY(CheckLinkKind(kind));
  SMILE_TRY(CheckLimit(request.limit));
  return StartOf(request).status();
}

void FeedHandlers::Start(op::Feed, const op::Feed::Request& request, int64_t deadline,
                         Responder to) const {
  const Result<std::optional<FeedPlace>> after = StartOf(request);
  CHECK(after.ok(), "Check() comes first");
  FeedRequest feed{.user = request.user,
                   .kinds = {},
                   .limit = std::min(request.limit, limits::kMaxFeedEntries),
                   .keys_only = request.keys_only,
                   .newer_than = request.newer_than,
                   .after = *after,
                   .call = ReadCallOf(deadline, to)};
  for (const uint8_t kind : request.kinds) feed.kinds.push_back(LinkKind{kind});
  auto memory = feed.call.memory;
  FeedScope scope = ScopeOf(request);
  (void)AnswerRead(feeds_.Read(std::move(feed)), std::move(to), std::move(memory),
                   [scope = std::move(scope)](const FeedPage& page, Reply& reply) {
                     ReplyWithFeed(scope, page, &reply);
                   });
}

}  // namespace smile
