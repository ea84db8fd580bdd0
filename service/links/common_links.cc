#include "service/links/common_links.h"

#include <utility>

#include "base/limits.h"

namespace smile {
namespace {

// Links of one user and kind, by the others.
struct Linked {
  std::vector<uint64_t> ids;            // ascending
  bool gap = false;                     // there may be others, which cannot be read
  std::optional<uint64_t> resume_from;  // there may be more
};

// From this id on; `head` is that of the links.
Task<Result<Linked>> LinkedFrom(const EngineCalls& engine, LinksOf of, uint64_t from,
                                std::optional<LinkHead> head, CallContext call) {
  Linked linked;
  if (head && head->compact) {
    if (const auto links = ByOther(*head)) {
      for (const CompactLink& link : *links) {
        if (link.other >= from) linked.ids.push_back(link.other);
      }
      co_return linked;
    }
    head.reset();
  }
  linked.gap = !head;
  ScanRequest scan = ScanOfView(of, LinkView::kMember, call);
  scan.from = LinkKey(of.user, of.kind, from).sort;
  scan.limit = limits::kExaminedLinks;
  scan.keys_only = true;
  const Result<ScanPage> members = co_await engine.Scan(std::move(scan));
  if (!members.ok()) co_return members.status();
  for (size_t i = 0; i < members->size(); ++i) {
    const ScanPage::Entry entry = (*members)[i];
    const bool is_gap = entry.outcome == ScanPage::Outcome::kGap;
    linked.gap = linked.gap || is_gap;
    if (!is_gap) linked.ids.push_back(SortOf(entry.sort).first);
  }
  if (members->more) {
    if (members->resume_from) {
      linked.resume_from = SortOf(*members->resume_from).first;
    } else if (linked.ids.back() < UINT64_MAX) {
      linked.resume_from = linked.ids.back() + 1;
    }
  }
  co_return linked;
}

// Leaves those that are linked to this user, too.
Task<Status> KeepLinked(const EngineCalls& engine, LinksOf of, std::optional<LinkHead> head,
                        CallContext call, Linked* linked) {
  if (head && head->compact) {
    if (const auto links = ByOther(*head)) {
      std::erase_if(linked->ids, [&](uint64_t id) { return FindOther(*links, id) == nullptr; });
      co_return Status();
    }
    head.reset();
  }
  if (linked->ids.empty()) co_return Status();
  if (!head) linked->gap = true;
  ReadRequest read{.keys = {}, .call = call};
  for (const uint64_t id : linked->ids) read.keys.push_back(LinkKey(of.user, of.kind, id));
  const Result<ReadReply> there = co_await engine.Read(std::move(read));
  if (!there.ok()) co_return there.status();
  std::vector<uint64_t> kept;
  for (size_t i = 0; i < linked->ids.size(); ++i) {
    if (!IsAnswer((*there)[i])) co_return (*there)[i].status();
    // What cannot be read is there.
    if ((*there)[i].status().code() != Code::kNotFound) kept.push_back(linked->ids[i]);
  }
  linked->ids = std::move(kept);
  co_return Status();
}

// Damage counts as many.
uint64_t SizeOf(const std::optional<LinkHead>& head) {
  return head ? head->count : UINT64_MAX;
}

}  // namespace

Task<Result<CommonLinks>> FindCommonLinks(const EngineCalls& engine, CommonLinksRequest request) {
  LinksOf few = request.of;
  LinksOf many{.user = request.other, .kind = request.of.kind};
  ReadRequest read{.keys = {}, .call = request.call};
  for (const LinksOf& of : {few, many}) read.keys.push_back(HeadKey(of));
  const Result<ReadReply> heads = co_await engine.Read(std::move(read));
  if (!heads.ok()) co_return heads.status();
  for (const Result<Record>& head : *heads) {
    if (!IsAnswer(head)) co_return head.status();
  }
  std::optional<LinkHead> few_head = HeadIn(heads->front());
  std::optional<LinkHead> many_head = HeadIn(heads->back());
  if (SizeOf(few_head) > SizeOf(many_head)) {
    std::swap(few, many);
    std::swap(few_head, many_head);
  }
  Result<Linked> linked = co_await LinkedFrom(engine, few, request.from, few_head, request.call);
  if (!linked.ok()) co_return linked.status();
  const Status kept = co_await KeepLinked(engine, many, many_head, request.call, &*linked);
  if (!kept.ok()) co_return kept;
  CommonLinks common{
      .ids = std::move(linked->ids), .gap = linked->gap, .resume_from = linked->resume_from};
  if (common.ids.size() > request.limit) {
    common.resume_from = common.ids[request.limit];
    common.ids.resize(request.limit);
  }
  co_return common;
}

}  // namespace smile
