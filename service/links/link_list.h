// Lists of links of one kind, newest first: what is asked for, what is answered, and how both
// forms of their storage (service/links/link_head.h) answer it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/tables.h"
#include "service/links/link_head.h"
#include "service/links/link_records.h"
#include "storage/call_context.h"
#include "storage/engine.h"

namespace smile {

// Links of one user and kind.
struct LinksOf {
  uint64_t user = 0;
  LinkKind kind = LinkKind::kFriend;

  LinkRecordId Head() const { return LinkSide{.user = user, .kind = kind}.Head(); }
};

struct LinkEntry {
  ScanPage::Outcome outcome = ScanPage::Outcome::kFound;
  uint64_t other = 0;    // not for kGap
  uint64_t time_ms = 0;  // likewise; 0 where only the other is known
  LinkKind inverse{0};   // for kFound
  Bytes value;           // likewise
};

// Where a list of links goes on.
struct LinkPlace {
  uint64_t time_ms = 0;
  uint64_t other = 0;

  bool operator==(const LinkPlace&) const = default;
};

struct LinkListRequest {
  LinksOf of;
  uint32_t limit = 0;
  std::optional<uint64_t> since_ms;   // inclusive
  std::optional<uint64_t> before_ms;  // exclusive
  std::optional<LinkPlace> after;     // start after this link, or
  std::optional<LinkPlace> from;      // here
  CallContext call;
};

struct LinkPage {
  std::vector<LinkEntry> entries;  // newest first
  bool more = false;
  std::optional<LinkPlace> resume_from;  // as in ScanPage
};

// Where the first page of the links in the bounds, or those after `after`, starts; none: nowhere.
std::optional<LinkPlace> FirstPlace(const LinkListRequest& request);
// Whether the bounds exclude everything.
bool IsEmptyRange(const LinkListRequest& request);

// The page of a compact head. None: it is damaged.
std::optional<LinkPage> PageOf(const LinkHead& head, const LinkListRequest& request);
LinkEntry EntryOf(const CompactLink& link);

// The scan that answers the request, whose range is not empty, if the head is indexed; and its
// entries.
ScanRequest ScanOf(const LinkListRequest& request);
LinkEntry EntryOf(const ScanPage::Entry& found);
LinkPlace PlaceOf(const LinkSort& sort);

// The head: its key, and what it says once it was read; none: it is damaged.
Key HeadKey(const LinksOf& of);
std::optional<LinkHead> HeadIn(const Result<Record>& record);
// Whether a record was read, or it is known why there is nothing to read; otherwise, the read
// failed.
bool IsAnswer(const Result<Record>& record);

// The links of a compact head by the ids of the others, ascending. None: it is damaged.
std::optional<std::vector<CompactLink>> ByOther(const LinkHead& head);
// Of ByOther; null: there is none.
const CompactLink* FindOther(std::span<const CompactLink> links, uint64_t other);

// All links of a kind in the view, in its order.
ScanRequest ScanOfView(const LinksOf& of, LinkView view, const CallContext& call);

}  // namespace smile
