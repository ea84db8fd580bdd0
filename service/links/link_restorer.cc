#include "service/links/link_restorer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "service/links/link_list.h"
#include "service/links/link_state.h"

namespace smile {
namespace {

constexpr uint32_t kPageEntries = 64;
static_assert(size_t{4} * kPageEntries <= limits::kMaxBatchMutations &&
                  4 * (kMaxCompactHeadBytes / kMinCompactLinkBytes) <= limits::kMaxBatchMutations,
              "a page, or a compact head, is one write");

ScanRequest ScanOf(uint64_t user, uint32_t limit) {
  return {.table = Table::kLinks,
          .partition = PartitionOf(user),
          .limit = limit,
          .max_value_bytes = limits::kMaxReplyValueBytes};
}

LinkSide SideOf(uint64_t user, const LinkSort& sort) {
  return {user, sort.kind, sort.view == LinkView::kMember ? sort.first : sort.second};
}

}  // namespace

LinkRestorer::LinkRestorer(Engine& engine, std::vector<UserRange> lost, Progress progress)
    : engine_(engine), lost_(std::move(lost)), progress_(std::move(progress)) {
  CHECK(engine.can_write_together(), "both sides of a link are one write");
}

Task<Result<RestoredLinks>> LinkRestorer::Run() {
  if (Status status = co_await ForEachUser(&LinkRestorer::RestoreOwn); !status.ok()) {
    co_return status;
  }
  if (Status status = co_await ForEachUser(&LinkRestorer::RestoreBacks); !status.ok()) {
    co_return status;
  }
  if (!gap_.ok()) co_return gap_;
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

// --- One side ------------------------------------------------------------------------------------

Task<Status> LinkRestorer::RestoreOwn(uint64_t user) {
  if (!IsLost(user)) co_return Status();
  if (Status status = co_await JoinHeads(user); !status.ok()) co_return status;
  if (Status status = co_await CompareViews(user); !status.ok()) co_return status;
  co_return co_await Recount(user);
}

// Gives the links of compact heads records of their own where other links of the kind have them: a
// kind whose head was lost may have got a new one, which knows nothing of the others.
Task<Status> LinkRestorer::JoinHeads(uint64_t user) {
  std::vector<std::pair<LinkKind, Bytes>> heads;
  std::set<LinkKind> indexed;
  ScanRequest scan = ScanOf(user, kPageEntries);
  for (;;) {
    const Result<ScanPage> page = co_await engine_.Scan(scan);
    if (!page.ok()) co_return page.status();
    for (size_t i = 0; i < page->size(); ++i) {
      const ScanPage::Entry entry = (*page)[i];
      if (entry.outcome == ScanPage::Outcome::kGap) continue;
      const LinkSort sort = SortOf(entry.sort);
      if (sort.view != LinkView::kHead) {
        indexed.insert(sort.kind);
      } else if (entry.outcome == ScanPage::Outcome::kFound) {
        heads.emplace_back(sort.kind, Bytes(entry.record.value));
      }
    }
    if (!page->more) break;
    ContinueScan(*page, &scan);
  }
  for (const auto& one : heads) {
    const LinkKind kind = one.first;
    const std::optional<LinkHead> head = DecodeLinkHead(one.second);
    if (!indexed.contains(kind) || !head || !head->compact) continue;
    std::vector<Expected> expected;
    (void)head->ForEach([&](const CompactLink& link, ByteView) {
      const LinkSide side{user, kind, link.other};
      expected.push_back(
          {.id = side.Member(), .side = side, .link = RecordOf(link), .in_head = true});
      return true;
    });
    if (Status status = co_await Compare(std::move(expected)); !status.ok()) co_return status;
  }
  co_return Status();
}

Task<Status> LinkRestorer::CompareViews(uint64_t user) {
  ScanRequest scan = ScanOf(user, kPageEntries);
  for (;;) {
    const Result<ScanPage> page = co_await engine_.Scan(scan);
    if (!page.ok()) co_return page.status();
    std::vector<Expected> expected;
    for (size_t i = 0; i < page->size(); ++i) {
      const ScanPage::Entry entry = (*page)[i];
      if (entry.outcome != ScanPage::Outcome::kFound) continue;
      const LinkSort sort = SortOf(entry.sort);
      const auto record = DecodeLinkRecord(entry.record.value);
      if (sort.view == LinkView::kHead || !record) continue;
      const LinkSide side = SideOf(user, sort);
      const bool is_member = sort.view == LinkView::kMember;
      Expected one{is_member ? side.Newest(record->time_ms) : side.Member(), side, Owned(*record)};
      if (!is_member) one.because = LinkRecordId{user, sort};
      expected.push_back(std::move(one));
    }
    if (Status status = co_await Compare(std::move(expected)); !status.ok()) co_return status;
    if (!page->more) co_return Status();
    ContinueScan(*page, &scan);
  }
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
    if (!IsAnswer(record)) co_return record.status();  // one that cannot be read is there
    if (one.id.sort.view != LinkView::kMember) continue;
    const auto member = record.ok() ? DecodeLinkRecord(record->value) : std::nullopt;
    if (one.in_head && (!member || member->time_ms == one.link.time_ms)) {
      PutLater(one, std::nullopt);  // the head is newer, and will not say it any more
    }
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
}

// Makes the heads of the user right: a compact one is if it is readable and alone.
Task<Status> LinkRestorer::Recount(uint64_t user) {
  std::map<LinkKind, uint64_t> numbers;
  ScanRequest scan = ScanOf(user, limits::kMaxScanEntries);
  scan.keys_only = true;
  for (;;) {
    const Result<ScanPage> page = co_await engine_.Scan(scan);
    if (!page.ok()) co_return page.status();
    for (size_t i = 0; i < page->size(); ++i) {
      const ScanPage::Entry entry = (*page)[i];
      if (entry.outcome == ScanPage::Outcome::kGap) {
        gap_ = Status(Code::kCorrupt, "some links cannot be read");
        co_return Status();
      }
      const LinkSort sort = SortOf(entry.sort);
      numbers[sort.kind] += sort.view == LinkView::kMember;
    }
    if (!page->more) break;
    ContinueScan(*page, &scan);
  }
  ReadRequest request;
  request.keys.reserve(numbers.size());
  for (const auto& [kind, number] : numbers) request.keys.push_back(HeadKey({user, kind}));
  if (request.keys.empty()) co_return Status();
  const Result<ReadReply> reply = co_await engine_.Read(std::move(request));
  if (!reply.ok()) co_return reply.status();
  size_t i = 0;
  for (const auto& [kind, number] : numbers) {
    const Result<Record>& record = (*reply)[i++];
    if (!IsAnswer(record)) co_return record.status();
    const std::optional<LinkHead> head = HeadIn(record);
    const bool is_right =
        head && (head->compact ? number == 0 && head->IsReadable() : head->count == number);
    if (is_right) continue;
    changes_[LinkSide{user, kind}.Head()] =
        number == 0 ? std::nullopt : std::optional<Bytes>(EncodeIndexedHead(number));
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

// --- Other sides ---------------------------------------------------------------------------------

Task<Status> LinkRestorer::RestoreBacks(uint64_t user) {
  ScanRequest scan = ScanOf(user, kPageEntries);
  for (;;) {
    const Result<ScanPage> page = co_await engine_.Scan(scan);
    if (!page.ok()) co_return page.status();
    std::vector<Back> backs;
    const auto expect = [&](const LinkSide& side, LinkRecord link) {
      if (!IsLost(user) && !IsLost(side.other)) return;
      const LinkSide back{side.other, link.inverse, user};
      link.inverse = side.kind;
      backs.push_back({back, std::move(link)});
    };
    for (size_t i = 0; i < page->size(); ++i) {
      const ScanPage::Entry entry = (*page)[i];
      if (entry.outcome != ScanPage::Outcome::kFound) continue;
      const LinkSort sort = SortOf(entry.sort);
      if (sort.view != LinkView::kHead) {
        // Either view may be the only record of both sides that can be read.
        const auto record = DecodeLinkRecord(entry.record.value);
        if (record) expect(SideOf(user, sort), Owned(*record));
      } else if (const auto head = DecodeLinkHead(entry.record.value); head && head->compact) {
        (void)head->ForEach([&](const CompactLink& link, ByteView) {
          expect({user, sort.kind, link.other}, RecordOf(link));
          return true;
        });
      }
    }
    if (Status status = co_await PutBacks(std::move(backs)); !status.ok()) co_return status;
    if (!page->more) co_return Status();
    ContinueScan(*page, &scan);
  }
}

Task<Status> LinkRestorer::PutBacks(std::vector<Back> backs) {
  for (size_t begin = 0; begin < backs.size();) {
    const size_t most = std::min(backs.size(), begin + limits::kMaxWritesTogether);
    std::vector<LinkSide> sides;
    for (size_t i = begin; i < most; ++i) sides.push_back(backs[i].side);
    LinkState state(engine_);
    if (Status loaded = co_await state.Load(std::move(sides)); !loaded.ok()) co_return loaded;
    for (; begin < most && state.HasRoom(); ++begin) {
      const auto& [side, link] = backs[begin];
      const Result<std::optional<LinkRecord>> found = state.Find(side);
      // A record that cannot be read is there, all the same.
      if (found.status().code() == Code::kCorrupt) continue;
      if (!found.ok()) co_return found.status();
      if (*found && (*found)->time_ms >= link.time_ms) continue;
      state.Put(side, link);
      ++restored_.sides;
    }
    std::optional<WriteRequest> request = state.ToWrite(/*source=*/0);
    if (!request) continue;
    const WriteReply written = co_await engine_.Write(std::move(*request));
    if (!written.status.ok()) co_return written.status;
  }
  co_return Status();
}

}  // namespace smile
