#include "service/links/link_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/callback_await.h"
#include "base/check.h"
#include "base/coding.h"
#include "base/limits.h"
#include "model/path.h"

namespace smile {
namespace {

Status DamagedHead(const LinksOf& of) {
  return {Code::kCorrupt, "the record " + FormatKey(HeadKey(of).view()) + " is damaged"};
}

// Sets `entry` if the other is in the compact head. False: that is damaged.
bool FindEntry(const LinkHead& head, uint64_t other, std::optional<LinkEntry>* entry) {
  return head.ForEach([&](const CompactLink& link, ByteView) {
    if (link.other == other) *entry = EntryOf(link);
    return link.other != other;
  });
}

// Those of the others that are linked, in their order. None: the head, which is compact, is
// damaged.
std::optional<std::vector<LinkEntry>> EntriesOf(const LinkHead& head,
                                                std::span<const uint64_t> others) {
  std::vector<LinkEntry> entries;
  if (others.size() == 1) {  // without sorting them
    std::optional<LinkEntry> entry;
    if (!FindEntry(head, others.front(), &entry)) return std::nullopt;
    if (entry) entries.push_back(std::move(*entry));
    return entries;
  }
  const auto links = ByOther(head);
  if (!links) return std::nullopt;
  for (const uint64_t other : others) {
    if (const CompactLink* link = FindOther(*links, other)) entries.push_back(EntryOf(*link));
  }
  return entries;
}

size_t BytesOf(const std::vector<LinkEntry>& entries) {
  size_t bytes = entries.size() * sizeof(LinkEntry);
  for (const LinkEntry& entry : entries) bytes += entry.value.size();
  return bytes;
}

// What the value of the other's record says, if the head is indexed.
LinkEntry MemberFrom(ByteView value, uint64_t other) {
  LinkEntry entry{.outcome = ScanPage::Outcome::kCorrupt, .other = other};
  const auto link = DecodeLinkRecord(value);
  if (!link) return entry;
  return EntryOf(
      {.time_ms = link->time_ms, .other = other, .inverse = link->inverse, .value = link->value});
}

}  // namespace

LinkService::LinkService(Engine& engine, const Clock& clock)
    : engine_(engine), writer_(engine, clock) {}

Status LinkService::Check(const LinkChange& change) {
  if (change.side.kind == LinkKind{0} || change.inverse == LinkKind{0}) {
    return {Code::kInvalid, "0 is not a kind of links; kinds are numbers from 1 to 255"};
  }
  if (change.side.user == change.side.other) {
    return {Code::kInvalid, "a user cannot be linked to itself"};
  }
  if (change.kind == LinkChange::Kind::kLink && !change.inverse &&
      InverseOf(change.side.kind) == LinkKind{0}) {
    return {Code::kInvalid, "kind 128 has no inverse of its own: name one"};
  }
  if (change.value.size() > limits::kMaxLinkValueBytes) {
    return {Code::kTooLarge, "the value has " + std::to_string(change.value.size()) +
                                 " bytes, more than " + std::to_string(limits::kMaxLinkValueBytes)};
  }
  return {};
}

void LinkService::Change(LinkChange change, LinkWriter::Done done) const {
  if (const Status status = Check(change); !status.ok()) return done(status);
  writer_.Submit(std::move(change), std::move(done));
}

Task<Result<LinkChanged>> LinkService::Change(LinkChange change) const {
  co_return co_await FromCallback<Result<LinkChanged>>(
      [&](auto done) { Change(std::move(change), std::move(done)); });
}

// --- Without waiting -----------------------------------------------------------------------------

std::optional<uint64_t> LinkService::CountFrom(const RecordView& record) {
  const std::optional<LinkHead> head = DecodeLinkHead(record.value);
  return head ? std::optional(head->count) : std::nullopt;
}

bool LinkService::CheckFrom(const RecordView& record, uint64_t other,
                            std::optional<LinkEntry>* entry) {
  const std::optional<LinkHead> head = DecodeLinkHead(record.value);
  return head && head->compact && FindEntry(*head, other, entry);
}

std::optional<std::vector<LinkEntry>> LinkService::PeekLinks(
    const LinksOf& of, std::span<const uint64_t> others) const {
  std::optional<std::vector<LinkEntry>> entries;
  bool is_indexed = false;
  const PeekResult result =
      engine_.Peek(LinkKeyBytes(of.Head()).view(), [&](const RecordView& record) {
        const std::optional<LinkHead> head = DecodeLinkHead(record.value);
        is_indexed = head && !head->compact;
        if (head && head->compact) entries = EntriesOf(*head, others);
      });
  if (result == PeekResult::kAbsent) return std::vector<LinkEntry>();
  if (!is_indexed) return entries;
  std::vector<LinkKeyBytes> keys;
  std::vector<KeyView> views;
  keys.reserve(others.size());  // the views borrow from it
  views.reserve(others.size());
  for (const uint64_t other : others) {
    const LinkSide side{.user = of.user, .kind = of.kind, .other = other};
    views.push_back(keys.emplace_back(side.Member()).view());
  }
  entries.emplace();
  engine_.PeekMany(views, [&](size_t i, PeekResult peeked, const RecordView& record) {
    if (peeked == PeekResult::kFound) entries->push_back(MemberFrom(record.value, others[i]));
    if (peeked == PeekResult::kUnknown) entries.reset();
    return entries.has_value();
  });
  return entries;
}

std::optional<LinkPage> LinkService::PeekList(const LinkListRequest& request) const {
  if (IsEmptyRange(request)) return LinkPage{};
  std::optional<LinkPage> page;
  bool is_indexed = false;
  const PeekResult result =
      engine_.Peek(LinkKeyBytes(request.of.Head()).view(), [&](const RecordView& record) {
        const std::optional<LinkHead> head = DecodeLinkHead(record.value);
        is_indexed = head && !head->compact;
        if (head && head->compact) page = PageOf(*head, request);
      });
  if (result == PeekResult::kAbsent) return LinkPage{};
  if (!is_indexed) return page;
  (void)engine_.PeekScan(ScanOf(request), [&](std::span<const ScanPage::Entry> found, bool more) {
    page.emplace().more = more;
    page->entries.reserve(found.size());
    for (const ScanPage::Entry& entry : found) page->entries.push_back(EntryOf(entry));
  });
  return page;
}

// --- Numbers -------------------------------------------------------------------------------------

Task<Result<std::vector<KindCount>>> LinkService::Counts(uint64_t user, CallContext call) const {
  std::vector<KindCount> counts;
  ScanRequest scan{.table = Table::kLinks, .partition = PartitionOf(user), .call = call};
  scan.limit = 1;
  scan.max_value_bytes = limits::kMaxReplyValueBytes;
  for (;;) {
    const Result<ScanPage> page = co_await engine_.Scan(scan);
    if (!page.ok()) co_return page.status();
    if (page->size() == 0) {
      if (!page->more) co_return counts;
      scan.from = *page->resume_from;
      continue;
    }
    const ScanPage::Entry entry = (*page)[0];
    // What cannot be read may be the count of a kind.
    if (entry.outcome != ScanPage::Outcome::kFound) {
      co_return Status(Code::kCorrupt, "links of this user cannot be read");
    }
    const LinkSort sort = SortOf(entry.sort);
    const std::optional<LinkHead> head = DecodeLinkHead(entry.record.value);
    if (sort.view != LinkView::kHead || !head) {
      co_return DamagedHead({.user = user, .kind = sort.kind});
    }
    counts.push_back({sort.kind, head->count});
    if (sort.kind == LinkKind{UINT8_MAX}) co_return counts;
    scan.from = Bytes(1, static_cast<char>(static_cast<uint8_t>(sort.kind) + 1));
  }
}

Task<Result<uint64_t>> LinkService::Count(LinksOf of, CallContext call) const {
  const Result<Record> record = co_await engine_.Read(HeadKey(of), call);
  const std::optional<LinkHead> head = HeadIn(record);
  if (head) co_return head->count;
  if (!record.ok()) co_return record.status();
  co_return DamagedHead(of);
}

// --- Lists ---------------------------------------------------------------------------------------

Task<Result<LinkPage>> LinkService::List(LinkListRequest request) const {
  if (IsEmptyRange(request)) co_return LinkPage{};
  const Result<Record> record = co_await engine_.Read(HeadKey(request.of), request.call);
  if (!IsAnswer(record)) co_return record.status();
  const std::optional<LinkHead> head = HeadIn(record);
  LinkPage page;
  if (head && head->compact) {
    std::optional<LinkPage> whole = PageOf(*head, request);
    if (whole) {
      if (!TryTake(request.call.memory, BytesOf(whole->entries))) co_return NoMemoryForResult();
      co_return std::move(*whole);
    }
  }
  // Of a damaged head it is not known what it said. A page that goes on with `from` does not say so
  // again: it would never come further.
  if ((!head || head->compact) && !request.from) {
    page.entries.push_back({.outcome = ScanPage::Outcome::kGap});
    page.resume_from = FirstPlace(request);
    page.more = page.resume_from.has_value();
    co_return page;
  }
  const Result<ScanPage> found = co_await engine_.Scan(ScanOf(request));
  if (!found.ok()) co_return found.status();
  page.more = found->more;
  if (found->resume_from) page.resume_from = PlaceOf(SortOf(*found->resume_from));
  page.entries.reserve(found->size());
  for (size_t i = 0; i < found->size(); ++i) page.entries.push_back(EntryOf((*found)[i]));
  co_return page;
}

Task<Result<LinkedOthers>> LinkService::Others(LinksOf of, size_t limit, CallContext call) const {
  CHECK(limit < limits::kMaxScanEntries);
  LinkedOthers linked;
  LinkListRequest request{.of = of,
                          .limit = static_cast<uint32_t>(limit) + 1,
                          .since_ms = {},
                          .before_ms = {},
                          .after = {},
                          .from = {},
                          .call = std::move(call)};
  while (!linked.more) {
    std::optional<LinkPage> peeked = PeekList(request);
    Result<LinkPage> page = LinkPage{};
    if (peeked) {
      page = std::move(*peeked);
    } else {
      page = co_await List(request);
    }
    if (!page.ok()) co_return page.status();
    for (const LinkEntry& entry : page->entries) {
      if (entry.outcome == ScanPage::Outcome::kGap) {
        linked.gap = true;
      } else if (linked.links.size() == limit) {
        linked.more = true;
      } else {
        linked.links.push_back({.time_ms = entry.time_ms, .other = entry.other});
      }
    }
    if (!page->more) break;
    request.from = page->resume_from;
    request.after.reset();
    if (!request.from) request.after = linked.links.back();
  }
  co_return linked;
}

// --- Lookups -------------------------------------------------------------------------------------

Task<Result<std::vector<LinkEntry>>> LinkService::Check(LinkCheckRequest request) const {
  CHECK(request.others.size() <= limits::kMaxLinkChecks);
  if (request.others.empty()) co_return std::vector<LinkEntry>();
  const Result<Record> record = co_await engine_.Read(HeadKey(request.of), request.call);
  if (!IsAnswer(record)) co_return record.status();
  const std::optional<LinkHead> head = HeadIn(record);
  if (head && head->compact) {
    auto entries = EntriesOf(*head, request.others);
    if (entries) {
      if (!TryTake(request.call.memory, BytesOf(*entries))) co_return NoMemoryForResult();
      co_return std::move(*entries);
    }
  }
  co_return co_await CheckMembers(std::move(request), !head || head->compact);
}

Task<Result<std::vector<LinkEntry>>> LinkService::CheckMembers(LinkCheckRequest request,
                                                               bool is_damaged) const {
  ReadRequest read{.keys = {}, .call = request.call};
  for (const uint64_t other : request.others) {
    read.keys.push_back(LinkKey(request.of.user, request.of.kind, other));
  }
  const Result<ReadReply> reply = co_await engine_.Read(std::move(read));
  if (!reply.ok()) co_return reply.status();
  std::vector<LinkEntry> entries;
  for (size_t i = 0; i < request.others.size(); ++i) {
    const Result<Record>& record = (*reply)[i];
    if (record.status().code() == Code::kNotFound) {
      if (is_damaged) co_return DamagedHead(request.of);  // it may have been there
      continue;
    }
    if (!IsAnswer(record)) co_return record.status();
    entries.push_back(
        MemberFrom(record.ok() ? ByteView(record->value) : ByteView(), request.others[i]));
  }
  co_return entries;
}

Task<Result<CommonLinks>> LinkService::Common(CommonLinksRequest request) const {
  co_return co_await FindCommonLinks(engine_, std::move(request));
}

}  // namespace smile
