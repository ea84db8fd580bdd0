#include "service/links/link_list.h"

#include <algorithm>

#include "base/limits.h"

namespace smile {
namespace {

Bytes NewestSort(LinkKind kind, const LinkPlace& place) {
  return Encode(LinkSide{.kind = kind, .other = place.other}.Newest(place.time_ms).sort);
}

// Whether the link is before the first one of the page.
bool IsSkipped(const CompactLink& link, const LinkListRequest& request) {
  if (const auto& after = request.after) {
    return link.IsBefore(after->time_ms, after->other) ||
           (link.time_ms == after->time_ms && link.other == after->other);
  }
  if (const auto& from = request.from) return link.IsBefore(from->time_ms, from->other);
  return request.before_ms && link.time_ms >= *request.before_ms;
}

}  // namespace

std::optional<LinkPlace> FirstPlace(const LinkListRequest& request) {
  if (const auto& after = request.after) {
    if (after->other < UINT64_MAX) return LinkPlace{after->time_ms, after->other + 1};
    if (after->time_ms == 0) return std::nullopt;
    return LinkPlace{.time_ms = after->time_ms - 1};
  }
  return LinkPlace{.time_ms = request.before_ms ? *request.before_ms - 1 : UINT64_MAX};
}

bool IsEmptyRange(const LinkListRequest& request) {
  if (!request.before_ms) return false;
  return *request.before_ms == 0 || (request.since_ms && *request.before_ms <= *request.since_ms);
}

std::optional<LinkPage> PageOf(const LinkHead& head, const LinkListRequest& request) {
  LinkPage page;
  page.entries.reserve(std::min<uint64_t>(head.count, request.limit));
  const bool readable = head.ForEach([&](const CompactLink& link, ByteView) {
    if (IsSkipped(link, request)) return true;
    if (link.time_ms < request.since_ms.value_or(0)) return false;
    page.more = page.entries.size() == request.limit;
    if (page.more) return false;
    page.entries.push_back(EntryOf(link));
    return true;
  });
  if (!readable) return std::nullopt;
  return page;
}

LinkEntry EntryOf(const CompactLink& link) {
  return {.other = link.other,
          .time_ms = link.time_ms,
          .inverse = link.inverse,
          .value = Bytes(link.value)};
}

Key HeadKey(const LinksOf& of) {
  return Key(LinkKeyBytes(of.Head()).view());
}

std::optional<LinkHead> HeadIn(const Result<Record>& record) {
  if (record.status().code() == Code::kNotFound) return LinkHead();
  return record.ok() ? DecodeLinkHead(record->value) : std::nullopt;
}

bool IsAnswer(const Result<Record>& record) {
  const Code code = record.status().code();
  return code == Code::kOk || code == Code::kNotFound || code == Code::kCorrupt;
}

std::optional<std::vector<CompactLink>> ByOther(const LinkHead& head) {
  std::vector<CompactLink> links;
  links.reserve(head.count);
  const bool readable = head.ForEach([&](const CompactLink& link, ByteView) {
    links.push_back(link);
    return true;
  });
  if (!readable) return std::nullopt;
  std::sort(links.begin(), links.end(), [](const CompactLink& one, const CompactLink& other) {
    return one.other < other.other;
  });
  return links;
}

const CompactLink* FindOther(std::span<const CompactLink> links, uint64_t other) {
  const auto found = std::lower_bound(
      links.begin(), links.end(), other,
      [](const CompactLink& link, uint64_t wanted) { return link.other < wanted; });
  return found != links.end() && found->other == other ? &*found : nullptr;
}

ScanRequest ScanOfView(const LinksOf& of, LinkView view, const CallContext& call) {
  ScanRequest scan{.table = Table::kLinks, .partition = PartitionOf(of.user), .call = call};
  scan.from = {static_cast<char>(of.kind), static_cast<char>(view)};
  scan.to = PrefixEnd(scan.from);
  scan.max_value_bytes = limits::kMaxReplyValueBytes;
  return scan;
}

ScanRequest ScanOf(const LinkListRequest& request) {
  const LinkKind kind = request.of.kind;
  ScanRequest scan = ScanOfView(request.of, LinkView::kNewest, request.call);
  // Later times sort first.
  if (request.before_ms) scan.from = NewestSort(kind, {.time_ms = *request.before_ms - 1});
  if (request.since_ms && *request.since_ms > 0) {
    scan.to = NewestSort(kind, {.time_ms = *request.since_ms - 1});
  }
  if (request.from) scan.from = NewestSort(kind, *request.from);
  if (request.after) scan.after = NewestSort(kind, *request.after);
  scan.limit = request.limit;
  return scan;
}

LinkPlace PlaceOf(const LinkSort& sort) {
  return {.time_ms = ~sort.first, .other = sort.second};
}

LinkEntry EntryOf(const ScanPage::Entry& found) {
  LinkEntry entry{.outcome = found.outcome};
  if (found.outcome == ScanPage::Outcome::kGap) return entry;
  const LinkPlace place = PlaceOf(SortOf(found.sort));
  entry.other = place.other;
  entry.time_ms = place.time_ms;
  if (found.outcome == ScanPage::Outcome::kCorrupt) return entry;
  const auto record = DecodeLinkRecord(found.record.value);
  if (record) {
    entry.inverse = record->inverse;
    entry.value = Bytes(record->value);
  } else {
    entry.outcome = ScanPage::Outcome::kCorrupt;
  }
  return entry;
}

}  // namespace smile
