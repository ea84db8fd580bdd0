#include "server/feed_reply.h"

#include <algorithm>

#include "base/check.h"
#include "base/coding.h"
#include "base/limits.h"
#include "server/key_results.h"
#include "server/page_room.h"

namespace smile {
namespace {

constexpr char kAfterPost = 1;

// Of an entry without its value and the length of that.
constexpr size_t kFeedEntryBytes = 1 + 2 * sizeof(uint64_t) + kRecordBytesWithoutValue;

Bytes TokenOf(const FeedScope& scope, const FeedPlace& place) {
  Bytes token = scope.token;
  AppendBig(&token, place.post);
  AppendBig(&token, place.author);
  return token;
}

}  // namespace

FeedScope ScopeOf(const op::Feed::Request& request) {
  std::vector<uint8_t> kinds = request.kinds;
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  FeedScope scope{.token = Bytes(1, kAfterPost)};
  AppendBig(&scope.token, request.user);
  scope.token.append(kinds.begin(), kinds.end());
  return scope;
}

Result<std::optional<FeedPlace>> StartOf(const op::Feed::Request& request) {
  constexpr size_t kPlaceBytes = 2 * sizeof(uint64_t);
  ByteView token = request.continuation.value_or(ByteView());
  if (token.empty()) return std::optional<FeedPlace>();
  const Bytes start = ScopeOf(request).token;
  if (token.size() != start.size() + kPlaceBytes || !token.starts_with(start)) {
    return Status(Code::kInvalid,
                  "invalid continuation token: pass one from a reply to the same feed");
  }
  token.remove_prefix(start.size());
  return std::optional<FeedPlace>({.post = LoadBig<uint64_t>(token.data()),
                                   .author = LoadBig<uint64_t>(token.data() + sizeof(uint64_t))});
}

void ReplyWithFeed(const FeedScope& scope, const FeedPage& page, Reply* reply) {
  op::Feed::Response response{.entries = {}, .gap = page.gap, .cut = page.cut, .continuation = {}};
  response.entries.reserve(page.entries.size());
  std::optional<FeedPlace> next = page.next;
  PageRoom room(*reply, /*lengths=*/1);
  const FeedPlace* last = nullptr;
  for (const FeedEntry& entry : page.entries) {
    const size_t whole = kFeedEntryBytes + entry.record.value.size();
    const bool too_large = !room.FitsAlone(whole);
    if (!room.Take(too_large ? kFeedEntryBytes : whole)) {
      CHECK(last != nullptr, "one entry without its value fits");
      next = *last;
      break;
    }
    last = &entry.place;
    op::FeedEntry& out = response.entries.emplace_back(
        op::FeedEntry{.author = entry.place.author, .post = entry.place.post});
    if (too_large) {
      out.outcome = EntryOutcome::kTooLarge;
    } else if (entry.is_corrupt) {
      out.outcome = EntryOutcome::kCorrupt;
    } else {
      out.record = entry.record.view();
    }
  }
  Bytes continuation;
  if (next) continuation = TokenOf(scope, *next);
  response.continuation = continuation;
  reply->Ok<op::Feed>(response);
}

}  // namespace smile
