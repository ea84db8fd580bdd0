// Links in replies, and their continuation tokens, which are opaque to clients.
//
// LINK_LIST: 1 (after) or 2 (from), user, kind, time and id of a link. LINK_COMMON: 3, both users,
// kind, and the id at which it continues. Integers are big-endian. A token of another user or kind
// is rejected.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/link_operations.h"
#include "server/reply.h"
#include "service/links/link_service.h"

namespace smile {

// Where the request starts: `after` and `from`. kInvalid: the token is not from a reply to such a
// request.
struct LinkStart {
  std::optional<LinkPlace> after;
  std::optional<LinkPlace> from;
};
Result<LinkStart> StartOf(const op::LinkList::Request& request);
// The id from which on it continues; 0 without a token.
Result<uint64_t> StartOf(const op::LinkCommon::Request& request);

// Writes as much of the page as has room in the reply, and a continuation after that.
void ReplyWithLinks(const LinksOf& of, const LinkPage& page, Reply* reply);
void ReplyWithCommon(const CommonLinksRequest& request, const CommonLinks& common, Reply* reply);
// The reply to LINK_CHECK. Entries whose value has no room are told as kRetry; never all of them.
void ReplyWithLinks(std::span<const LinkEntry> entries, Reply* reply);

}  // namespace smile
