// Feeds in replies, and their continuation tokens, which are opaque to clients: 1, user, the kinds
// in ascending order, post and author of a place after which the feed continues. Integers are
// big-endian. A token of another user or of other kinds is rejected.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/feed_operations.h"
#include "server/reply.h"
#include "service/feeds/feed_service.h"

namespace smile {

// The start of all tokens of a feed.
struct FeedScope {
  Bytes token;
};
FeedScope ScopeOf(const op::Feed::Request& request);

// Where the request starts; none: at the newest post. kInvalid: the token is not from a reply to
// such a request.
Result<std::optional<FeedPlace>> StartOf(const op::Feed::Request& request);

// Writes as much of the page as has room in the reply, and a continuation after that.
void ReplyWithFeed(const FeedScope& scope, const FeedPage& page, Reply* reply);

}  // namespace smile
