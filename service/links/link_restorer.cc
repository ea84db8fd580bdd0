#include "service/links/link_restorer.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace smile {
namespace {

// What is restored for a page is one write: the user's own records, and those of one other for each
// entry.
constexpr uint32_t kPageEntries = limits::kMaxWritesTogether - 1;
static_assert(size_t{5} * kPageEntries <= limits::kMaxBatchMutations);

ScanRequest ScanOf(uint64_t user, uint32_t limit) {
  return {.table = Table::kLinks,
          .partition = PartitionOf(user),
          .limit = limit,
          .max_value_bytes = limits::kMaxReplyValueBytes};
}

// A record that cannot be read is there, all the same.
bool IsThere(const Result<Record>& record) {
  return record.ok() || record.status().code() == Code::kCorrupt;
}

}  // namespace

LinkRestorer::LinkRestorer(Engine& engine, std::vector<UserRange> lost, Progress progress)
    : engine_(engine), lost_(std::move(lost)), progress_(std::move(progress)) {
  CHECK(engine.can_write_together(), "both sides of a link are one write");
}

Task<Result<RestoredLinks>> LinkRestorer::Run() {
  if (Status status = co_await ForEachUser(&LinkRestorer::RestoreRecords); !status.ok()) {
    co_return status;
  }
  if (Status status = co_await ForEachUser(&LinkRestorer::Recount); !status.ok()) {
    co_return status;
  }
  co_return restored_;
}

Task<Status> LinkRestorer::ForEachUser(Task<Status> (LinkRestorer::*visit)(uint64_t user)) {
  ListRequest list{.table = Table::kLinks, .limit = limits::kMaxListEntries};
  uint64_t users = 0;
  for (;;) {
    const Result<ListPage> page = co_await engine_.List(list);
    if (!page.ok()) co_return page.status();
    for (const Bytes& partition : page->partitions) {
      const std::optional<uint64_t> user = DecodePartition(partition);
      CHECK(user.has_value(), "partitions of this table are ids");
      if (Status status = co_await (this->*visit)(*user); !status.ok()) co_return status;
      progress_(++users);
    }
    if (!page->more) co_return Status();
    ContinueList(*page, &list);
  }
}

// --- Views and sides -----------------------------------------------------------------------------

Task<Status> LinkRestorer::RestoreRecords(uint64_t user) {
  ScanRequest scan = ScanOf(user, kPageEntries);
  for (;;) {
    const Result<ScanPage> page = co_await engine_.Scan(scan);
    if (!page.ok()) co_return page.status();
    if (Status status = co_await Compare(ExpectedFrom(user, *page)); !status.ok()) {
      co_return status;
    }
    if (!page->more) co_return Status();
    ContinueScan(*page, &scan);
  }
}

std::vector<LinkRestorer::Expected> LinkRestorer::ExpectedFrom(uint64_t user,
                                                               const ScanPage& page) const {
  std::vector<Expected> expected;
  for (size_t i = 0; i < page.size(); ++i) {
    const ScanPage::Entry entry = page[i];
    if (entry.outcome != ScanPage::Outcome::kFound) continue;
    const LinkSort sort = SortOf(entry.sort);
    const auto stored = DecodeLinkRecord(entry.record.value);
    if (sort.view == LinkView::kCount || !stored) continue;
    const bool is_member = sort.view == LinkView::kMember;
    const LinkSide side{user, sort.kind, is_member ? sort.first : sort.second};
    const LinkRecord link{stored->time_ms, stored->inverse, Bytes(stored->value)};
    if (IsLost(user)) {
      if (is_member) {
        expected.push_back({side.Newest(link.time_ms), side, link});
      } else {
        expected.push_back({side.Member(), side, link, LinkRecordId{user, sort}});
      }
    }
    // Either view may be the only record that is left of both sides.
    if (IsLost(user) || IsLost(side.other)) {
      const LinkSide back{side.other, link.inverse, user};
      expected.push_back({back.Member(), back, {link.time_ms, side.kind, link.value}});
    }
  }
  return expected;
}

Task<Status> LinkRestorer::Compare(std::vector<Expected> expected) {
  if (expected.empty()) co_return Status();
  ReadRequest request;
  request.keys.reserve(expected.size());
  for (const Expected& one : expected) request.keys.emplace_back(LinkKeyBytes(one.id).view());
  const Result<ReadReply> reply = co_await engine_.Read(std::move(request));
  if (!reply.ok()) co_return reply.status();
  for (size_t i = 0; i < expected.size(); ++i) {
    const Expected& one = expected[i];
    const Result<Record>& record = (*reply)[i];
    if (record.status().code() == Code::kNotFound) {
      PutLater(one, std::nullopt);
      continue;
    }
    if (!IsThere(record)) co_return record.status();
    if (!record.ok() || one.id.sort.view != LinkView::kMember) continue;
    const auto member = DecodeLinkRecord(record->value);
    if (!member || member->time_ms == one.link.time_ms) continue;
    if (member->time_ms < one.link.time_ms) {
      PutLater(one, member->time_ms);
    } else if (one.because) {
      changes_[*one.because] = std::nullopt;
    }
  }
  co_return co_await WriteChanges();
}

// Of records that say different times, the latest counts. `outdated`: the time that the side has
// now, if it is another.
void LinkRestorer::PutLater(const Expected& one, std::optional<uint64_t> outdated) {
  std::optional<Bytes>& member = changes_[one.side.Member()];
  const auto pending = member ? DecodeLinkRecord(*member) : std::nullopt;
  if (pending && pending->time_ms > one.link.time_ms) {
    if (one.because) changes_[*one.because] = std::nullopt;
    return;
  }
  if (!pending) ++restored_.sides;
  if (pending && pending->time_ms < one.link.time_ms) outdated = pending->time_ms;
  if (outdated) changes_[one.side.Newest(*outdated)] = std::nullopt;
  member = Encode(one.link);
  changes_[one.side.Newest(one.link.time_ms)] = member;
  if (!IsLost(one.side.user)) also_recounted_.insert(one.side.user);
}

// --- Numbers -------------------------------------------------------------------------------------

Task<Status> LinkRestorer::Recount(uint64_t user) {
  if (!IsLost(user) && !also_recounted_.contains(user)) co_return Status();
  std::map<LinkKind, uint64_t> numbers;
  ScanRequest scan = ScanOf(user, limits::kMaxScanEntries);
  scan.keys_only = true;
  for (;;) {
    const Result<ScanPage> page = co_await engine_.Scan(scan);
    if (!page.ok()) co_return page.status();
    for (size_t i = 0; i < page->size(); ++i) {
      const ScanPage::Entry entry = (*page)[i];
      if (entry.outcome == ScanPage::Outcome::kGap) {
        co_return Status(Code::kCorrupt, "some links cannot be read");
      }
      const LinkSort sort = SortOf(entry.sort);
      numbers[sort.kind] += sort.view == LinkView::kMember;
    }
    if (!page->more) break;
    ContinueScan(*page, &scan);
  }
  ReadRequest request;
  request.keys.reserve(numbers.size());
  for (const auto& [kind, number] : numbers) {
    request.keys.emplace_back(LinkKeyBytes(LinkSide{user, kind}.Count()).view());
  }
  if (request.keys.empty()) co_return Status();
  const Result<ReadReply> reply = co_await engine_.Read(std::move(request));
  if (!reply.ok()) co_return reply.status();
  size_t i = 0;
  for (const auto& [kind, number] : numbers) {
    const Result<Record>& record = (*reply)[i++];
    if (!IsThere(record) && record.status().code() != Code::kNotFound) co_return record.status();
    const std::optional<Bytes> right =
        number == 0 ? std::nullopt : std::optional<Bytes>(EncodeLinkCount(number));
    const std::optional<Bytes> stored =
        record.ok() ? std::optional<Bytes>(record->value) : std::nullopt;
    if (stored == right && record.status().code() != Code::kCorrupt) continue;
    changes_[LinkSide{user, kind}.Count()] = right;
    ++restored_.counts;
  }
  co_return co_await WriteChanges();
}

Task<Status> LinkRestorer::WriteChanges() {
  if (changes_.empty()) co_return Status();
  std::vector<LinkMutation> mutations;
  mutations.reserve(changes_.size());
  for (const auto& [id, value] : changes_) {
    mutations.push_back({id, value ? std::optional<ByteView>(*value) : std::nullopt});
  }
  const WriteReply written = co_await engine_.Write(WriteRequestOf(mutations));
  changes_.clear();
  co_return written.status;
}

}  // namespace smile
