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

Key CountKey(const LinksOf& of) {
  return Key(LinkKeyBytes(LinkService::CountRecord(of)).view());
}

Status DamagedCount(const LinksOf& of) {
  return {Code::kCorrupt, "the record " + FormatKey(CountKey(of).view()) + " is damaged"};
}

Result<uint64_t> CountIn(const LinksOf& of, const Result<Record>& record) {
  if (record.status().code() == Code::kNotFound) return uint64_t{0};
  if (!record.ok()) return record.status();
  const std::optional<uint64_t> count = DecodeLinkCount(record->value);
  if (!count) return DamagedCount(of);
  return *count;
}

// The start of the view in the links of the kind.
Bytes StartOf(LinkKind kind, LinkView view) {
  return {static_cast<char>(kind), static_cast<char>(view)};
}

Bytes NewestSort(LinkKind kind, const LinkPlace& place) {
  return Encode(LinkSort{
      .kind = kind, .view = LinkView::kNewest, .first = ~place.time_ms, .second = place.other});
}

LinkPlace PlaceOf(const LinkSort& sort) {
  return {.time_ms = ~sort.first, .other = sort.second};
}

ReadRequest ReadRequestOf(const CallContext& call) {
  return {.keys = {}, .call = call};
}

ScanRequest ScanRequestOf(uint64_t user, const CallContext& call) {
  return {.table = Table::kLinks, .partition = PartitionOf(user), .call = call};
}

// None: the bounds exclude everything.
std::optional<ScanRequest> ScanOf(const LinkListRequest& request) {
  const LinkKind kind = request.of.kind;
  ScanRequest scan = ScanRequestOf(request.of.user, request.call);
  scan.from = StartOf(kind, LinkView::kNewest);
  scan.to = PrefixEnd(scan.from);
  // Later times sort first.
  if (request.before_ms) {
    if (*request.before_ms == 0) return std::nullopt;
    scan.from = NewestSort(kind, {.time_ms = *request.before_ms - 1});
  }
  if (request.since_ms && *request.since_ms > 0) {
    if (request.before_ms && *request.before_ms <= *request.since_ms) return std::nullopt;
    scan.to = NewestSort(kind, {.time_ms = *request.since_ms - 1});
  }
  if (request.from) scan.from = NewestSort(kind, *request.from);
  if (request.after) scan.after = NewestSort(kind, *request.after);
  scan.limit = request.limit;
  scan.max_value_bytes = limits::kMaxReplyValueBytes;
  return scan;
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

// The smaller of two numbers of links, where damage counts as many.
uint64_t SizeOf(const LinksOf& of, const Result<Record>& record) {
  const Result<uint64_t> count = CountIn(of, record);
  return count.ok() ? *count : UINT64_MAX;
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

LinkRecordId LinkService::CountRecord(const LinksOf& of) {
  return LinkSide{.user = of.user, .kind = of.kind}.Count();
}

std::optional<uint64_t> LinkService::CountFrom(const RecordView& record) {
  return DecodeLinkCount(record.value);
}

LinkRecordId LinkService::MemberRecord(const LinksOf& of, uint64_t other) {
  return LinkSide{.user = of.user, .kind = of.kind, .other = other}.Member();
}

LinkEntry LinkService::MemberFrom(ByteView value, uint64_t other) {
  LinkEntry entry{.outcome = ScanPage::Outcome::kCorrupt, .other = other};
  const auto link = DecodeLinkRecord(value);
  if (!link) return entry;
  entry.outcome = ScanPage::Outcome::kFound;
  entry.time_ms = link->time_ms;
  entry.inverse = link->inverse;
  entry.value = Bytes(link->value);
  return entry;
}

std::optional<std::vector<LinkEntry>> LinkService::PeekLinks(
    const LinksOf& of, std::span<const uint64_t> others) const {
  std::vector<LinkKeyBytes> keys;
  std::vector<KeyView> views;
  keys.reserve(others.size());  // the views borrow from it
  views.reserve(others.size());
  for (const uint64_t other : others) {
    views.push_back(keys.emplace_back(MemberRecord(of, other)).view());
  }
  std::optional<std::vector<LinkEntry>> entries(std::in_place);
  engine_.PeekMany(views, [&](size_t i, PeekResult result, const RecordView& record) {
    if (result == PeekResult::kFound) entries->push_back(MemberFrom(record.value, others[i]));
    if (result == PeekResult::kUnknown) entries.reset();
    return entries.has_value();
  });
  return entries;
}

Task<Result<std::vector<KindCount>>> LinkService::Counts(uint64_t user, CallContext call) const {
  std::vector<KindCount> counts;
  ScanRequest scan = ScanRequestOf(user, call);
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
    const auto count = DecodeLinkCount(entry.record.value);
    if (sort.view != LinkView::kCount || !count) {
      co_return DamagedCount({.user = user, .kind = sort.kind});
    }
    counts.push_back({sort.kind, *count});
    if (sort.kind == LinkKind{UINT8_MAX}) co_return counts;
    scan.from = Bytes(1, static_cast<char>(static_cast<uint8_t>(sort.kind) + 1));
  }
}

Task<Result<uint64_t>> LinkService::Count(LinksOf of, CallContext call) const {
  ReadRequest request = ReadRequestOf(call);
  request.keys.push_back(CountKey(of));
  const Result<ReadReply> reply = co_await engine_.Read(std::move(request));
  if (!reply.ok()) co_return reply.status();
  co_return CountIn(of, reply->front());
}

std::optional<LinkPage> LinkService::PeekList(const LinkListRequest& request) const {
  const std::optional<ScanRequest> scan = ScanOf(request);
  if (!scan) return LinkPage{};
  std::optional<LinkPage> page;
  const auto found = [&](std::span<const ScanPage::Entry> entries, bool more) {
    page.emplace().more = more;
    page->entries.reserve(entries.size());
    for (const ScanPage::Entry& entry : entries) page->entries.push_back(EntryOf(entry));
  };
  if (!engine_.PeekScan(*scan, found)) return std::nullopt;
  return page;
}

Task<Result<LinkPage>> LinkService::List(LinkListRequest request) const {
  std::optional<ScanRequest> scan = ScanOf(request);
  if (!scan) co_return LinkPage{};
  const Result<ScanPage> found = co_await engine_.Scan(std::move(*scan));
  if (!found.ok()) co_return found.status();
  LinkPage page{.entries = {}, .more = found->more, .resume_from = {}};
  if (found->resume_from) page.resume_from = PlaceOf(SortOf(*found->resume_from));
  page.entries.reserve(found->size());
  for (size_t i = 0; i < found->size(); ++i) page.entries.push_back(EntryOf((*found)[i]));
  co_return page;
}

Task<Result<LinkedOthers>> LinkService::Others(LinksOf of, size_t limit, CallContext call) const {
  CHECK(limit < limits::kMaxScanEntries);
  LinkedOthers linked;
  const auto take = [&](const ScanPage::Entry& entry) {
    if (entry.outcome == ScanPage::Outcome::kGap) {
      linked.gap = true;
    } else if (linked.links.size() == limit) {
      linked.more = true;
    } else {
      linked.links.push_back(PlaceOf(SortOf(entry.sort)));
    }
  };
  ScanRequest scan = ScanRequestOf(of.user, call);
  scan.from = StartOf(of.kind, LinkView::kNewest);
  scan.to = PrefixEnd(scan.from);
  scan.limit = static_cast<uint32_t>(limit) + 1;
  scan.max_value_bytes = limits::kMaxReplyValueBytes;
  bool goes_on = true;
  const auto found = [&](std::span<const ScanPage::Entry> entries, bool more) {
    for (const ScanPage::Entry& entry : entries) take(entry);
    goes_on = more;
  };
  if (engine_.PeekScan(scan, found)) {
    if (!goes_on || linked.more) co_return linked;
    linked = {};
  }
  while (!linked.more) {
    const Result<ScanPage> page = co_await engine_.Scan(scan);
    if (!page.ok()) co_return page.status();
    for (size_t i = 0; i < page->size(); ++i) take((*page)[i]);
    if (!page->more) break;
    ContinueScan(*page, &scan);
  }
  co_return linked;
}

Task<Result<std::vector<LinkEntry>>> LinkService::Check(LinkCheckRequest request) const {
  CHECK(request.others.size() <= limits::kMaxLinkChecks);
  std::vector<LinkEntry> entries;
  if (request.others.empty()) co_return entries;
  ReadRequest read = ReadRequestOf(request.call);
  for (const uint64_t other : request.others) {
    read.keys.push_back(LinkKey(request.of.user, request.of.kind, other));
  }
  const Result<ReadReply> reply = co_await engine_.Read(std::move(read));
  if (!reply.ok()) co_return reply.status();
  for (size_t i = 0; i < request.others.size(); ++i) {
    const Result<Record>& record = (*reply)[i];
    const Code code = record.status().code();
    if (code == Code::kNotFound) continue;
    if (!record.ok() && code != Code::kCorrupt) co_return record.status();
    entries.push_back(
        MemberFrom(record.ok() ? ByteView(record->value) : ByteView(), request.others[i]));
  }
  co_return entries;
}

Task<Result<CommonLinks>> LinkService::Common(CommonLinksRequest request) const {
  LinksOf few = request.of;
  LinksOf many{.user = request.other, .kind = request.of.kind};
  ReadRequest sizes = ReadRequestOf(request.call);
  for (const LinksOf& of : {few, many}) {
    sizes.keys.push_back(CountKey(of));
  }
  const Result<ReadReply> counts = co_await engine_.Read(std::move(sizes));
  if (!counts.ok()) co_return counts.status();
  if (SizeOf(few, (*counts)[0]) > SizeOf(many, (*counts)[1])) std::swap(few, many);

  CommonLinks common;
  ScanRequest scan = ScanRequestOf(few.user, request.call);
  scan.from = LinkKey(few.user, few.kind, request.from).sort;
  scan.to = PrefixEnd(StartOf(few.kind, LinkView::kMember));
  scan.limit = limits::kExaminedLinks;
  scan.max_value_bytes = limits::kMaxReplyValueBytes;
  scan.keys_only = true;
  const Result<ScanPage> members = co_await engine_.Scan(std::move(scan));
  if (!members.ok()) co_return members.status();

  ReadRequest read = ReadRequestOf(request.call);
  std::vector<uint64_t> ids;
  for (size_t i = 0; i < members->size(); ++i) {
    const ScanPage::Entry entry = (*members)[i];
    common.gap = common.gap || entry.outcome == ScanPage::Outcome::kGap;
    if (entry.outcome == ScanPage::Outcome::kGap) continue;
    ids.push_back(SortOf(entry.sort).first);
    read.keys.push_back(LinkKey(many.user, many.kind, ids.back()));
  }
  if (members->more) {
    if (members->resume_from) {
      common.resume_from = SortOf(*members->resume_from).first;
    } else if (ids.back() < UINT64_MAX) {
      common.resume_from = ids.back() + 1;
    }
  }
  if (ids.empty()) co_return common;
  const Result<ReadReply> there = co_await engine_.Read(std::move(read));
  if (!there.ok()) co_return there.status();
  for (size_t i = 0; i < ids.size(); ++i) {
    const Code code = (*there)[i].status().code();
    if (code == Code::kNotFound) continue;
    if (code != Code::kOk && code != Code::kCorrupt) co_return (*there)[i].status();
    if (common.ids.size() == request.limit) {
      common.resume_from = ids[i];
      break;
    }
    common.ids.push_back(ids[i]);
  }
  co_return common;
}

}  // namespace smile
