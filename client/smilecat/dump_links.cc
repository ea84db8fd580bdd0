// The part of a dump that is about links, which are not records.
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/limits.h"
#include "client/smilecat/dump_walk.h"

namespace smile::cat {

void DumpWalk::AskCounts(const Bytes& partition) {
  const std::optional<uint64_t> user = DecodePartition(partition);
  CHECK(user.has_value(), "a client checks what a list has");
  ++scans_under_way_;
  client_->Call<op::LinkCounts>({.user = *user}, {.deadline_millis = deadline_millis_},
                                [this, user = *user](Answer<op::LinkCounts> answer) {
                                  Push(CountsPage{user, std::move(answer)});
                                });
}

void DumpWalk::AskLinks(LinksPlace from) {
  const auto place = std::make_shared<LinksPlace>(std::move(from));  // the request points to it
  op::LinkList::Request request{
      .user = place->user, .kind = place->kinds.front(), .limit = limits::kMaxLinkEntries};
  if (!place->continuation.empty()) request.continuation = place->continuation;
  ++scans_under_way_;
  client_->Call<op::LinkList>(request, {.deadline_millis = deadline_millis_},
                              [this, place](Answer<op::LinkList> answer) {
                                Push(LinksPage{std::move(*place), std::move(answer)});
                              });
}

Status DumpWalk::TakeCounts(const CountsPage& page, const Sink& sink) {
  if (!page.answer.ok()) {
    const Bytes partition = PartitionOf(page.user);
    return Refused({table_, partition}, page.answer.status(), sink);
  }
  LinksPlace place{.user = page.user, .kinds = {}};
  for (const op::KindCount& one : page.answer->counts) place.kinds.push_back(one.kind);
  if (!place.kinds.empty()) AskLinks(std::move(place));
  return {};
}

Status DumpWalk::TakeLinks(LinksPage page, const Sink& sink) {
  LinksPlace& place = page.place;
  if (!page.answer.ok()) {
    const Bytes partition = PartitionOf(place.user);
    return Refused({table_, partition}, page.answer.status(), sink);
  }
  for (const op::LinkEntry& entry : page.answer->entries) {
    SMILE_TRY(sink.link(place.user, place.kinds.front(), entry));
  }
  place.continuation = page.answer->continuation;
  if (place.continuation.empty()) place.kinds.pop_front();
  if (!place.kinds.empty()) AskLinks(std::move(place));
  return {};
}

}  // namespace smile::cat
