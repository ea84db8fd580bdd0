#include "server/link_reply.h"

#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "base/limits.h"
#include "server/page_reply.h"
#include "server/page_room.h"

namespace smile {
namespace {

constexpr uint8_t kAfterLink = 1;
constexpr uint8_t kFromLink = 2;
constexpr uint8_t kCommonLinks = 3;

// Of an entry without its value and the length of that.
constexpr size_t kLinkEntryBytes = 2 + 2 * sizeof(uint64_t);
constexpr size_t kLinkLengths = 1;
constexpr size_t kWholeLinkEntryBytes = kLinkEntryBytes + kLinkLengths * PageRoom::kLengthBytes;
constexpr size_t kLeastRoom = limits::kLeastReplyFrameBytes - 64 - PageRoom::kFixedBytes;

static_assert(kWholeLinkEntryBytes + limits::kMaxLinkValueBytes < kLeastRoom,
              "every entry fits into every reply");
static_assert(limits::kMaxLinkChecks * kWholeLinkEntryBytes + limits::kMaxLinkValueBytes <
                  kLeastRoom,
              "each reply to a check has a value, if one was found");

Status NotOfThisList() {
  return {Code::kInvalid,
          "invalid continuation token: pass one from a reply to the same list of links"};
}

// The start of a token. Its links are all of one user, or pair of users, and kind.
Bytes TokenOf(uint8_t form, uint64_t user, uint8_t kind) {
  Bytes token(1, static_cast<char>(form));
  AppendBig(&token, user);
  token.push_back(static_cast<char>(kind));
  return token;
}

Bytes TokenOf(uint8_t form, const LinksOf& of, const LinkPlace& place) {
  Bytes token = TokenOf(form, of.user, static_cast<uint8_t>(of.kind));
  AppendBig(&token, place.time_ms);
  AppendBig(&token, place.other);
  return token;
}

Bytes CommonToken(uint64_t user, uint64_t other, uint8_t kind, uint64_t next) {
  Bytes token = TokenOf(kCommonLinks, user, kind);
  AppendBig(&token, other);
  AppendBig(&token, next);
  return token;
}

// Of an entry that is no gap.
LinkPlace PlaceOf(const LinkEntry& entry) {
  return {.time_ms = entry.time_ms, .other = entry.other};
}

Bytes ContinuationOf(const LinksOf& of, const LinkPage& page) {
  if (!page.more) return {};
  if (page.resume_from) return TokenOf(kFromLink, of, *page.resume_from);
  CHECK(!page.entries.empty(), "a page that is not complete says where it ends");
  return TokenOf(kAfterLink, of, PlaceOf(page.entries.back()));
}

// The last two integers of a token that is otherwise `start` followed by them.
std::optional<LinkPlace> PlaceIn(ByteView token, ByteView start) {
  constexpr size_t kPlaceBytes = 2 * sizeof(uint64_t);
  if (token.size() != start.size() + kPlaceBytes || !token.starts_with(start)) return {};
  token.remove_prefix(start.size());
  return LinkPlace{.time_ms = LoadBig<uint64_t>(token.data()),
                   .other = LoadBig<uint64_t>(token.data() + sizeof(uint64_t))};
}

// Borrows from the entry.
op::LinkEntry EntryOf(const LinkEntry& entry) {
  return {.outcome = OutcomeOf(entry.outcome),
          .other = entry.other,
          .time_ms = entry.time_ms,
          .inverse = static_cast<uint8_t>(entry.inverse),
          .value = entry.value};
}

}  // namespace

Result<LinkStart> StartOf(const op::LinkList::Request& request) {
  LinkStart start;
  const ByteView token = request.continuation.value_or(ByteView());
  if (token.empty()) return start;
  start.after = PlaceIn(token, TokenOf(kAfterLink, request.user, request.kind));
  start.from = PlaceIn(token, TokenOf(kFromLink, request.user, request.kind));
  if (!start.after && !start.from) return NotOfThisList();
  return start;
}

Result<uint64_t> StartOf(const op::LinkCommon::Request& request) {
  const ByteView token = request.continuation.value_or(ByteView());
  if (token.empty()) return uint64_t{0};
  const auto place = PlaceIn(token, TokenOf(kCommonLinks, request.user, request.kind));
  if (!place || place->time_ms != request.other) return NotOfThisList();
  return place->other;
}

void ReplyWithLinks(std::span<const LinkEntry> entries, Reply* reply) {
  op::LinkCheck::Response response;
  response.entries.reserve(entries.size());
  PageRoom values(*reply, 0);
  CHECK(values.Take(entries.size() * kWholeLinkEntryBytes),
        "an outcome for each fits into a reply");
  for (const LinkEntry& entry : entries) {
    response.entries.push_back(EntryOf(entry));
    if (values.Take(entry.value.size())) continue;
    response.entries.back() = {.outcome = EntryOutcome::kRetry, .other = entry.other};
  }
  reply->Ok<op::LinkCheck>(response);
}

void ReplyWithLinks(const LinksOf& of, const LinkPage& page, Reply* reply) {
  op::LinkList::Response response;
  response.entries.reserve(page.entries.size());
  Bytes continuation = ContinuationOf(of, page);
  PageRoom room(*reply, kLinkLengths);
  const LinkEntry* last = nullptr;
  for (const LinkEntry& entry : page.entries) {
    if (!room.Take(kLinkEntryBytes + entry.value.size())) {
      CHECK(last != nullptr, "one entry fits");
      // Two gaps do not follow each other.
      continuation = last->outcome == ScanPage::Outcome::kGap
                         ? TokenOf(kFromLink, of, PlaceOf(entry))
                         : TokenOf(kAfterLink, of, PlaceOf(*last));
      break;
    }
    response.entries.push_back(EntryOf(entry));
    last = &entry;
  }
  response.continuation = continuation;
  reply->Ok<op::LinkList>(response);
}

void ReplyWithCommon(const CommonLinksRequest& request, const CommonLinks& common, Reply* reply) {
  op::LinkCommon::Response response{.ids = common.ids, .gap = common.gap, .continuation = {}};
  std::optional<uint64_t> next = common.resume_from;
  PageRoom room(*reply, 0);
  for (size_t i = 0; i < common.ids.size(); ++i) {
    if (room.Take(sizeof(uint64_t))) continue;
    next = common.ids[i];
    response.ids.resize(i);
    break;
  }
  Bytes continuation;
  if (next) {
    continuation =
        CommonToken(request.of.user, request.other, static_cast<uint8_t>(request.of.kind), *next);
  }
  response.continuation = continuation;
  reply->Ok<op::LinkCommon>(response);
}

}  // namespace smile
