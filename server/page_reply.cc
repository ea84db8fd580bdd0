#include "server/page_reply.h"

#include <cstddef>

#include "base/check.h"
#include "base/limits.h"
#include "protocol/operations.h"
#include "server/continuation.h"
#include "server/key_results.h"
#include "server/page_room.h"

namespace smile {
namespace {

constexpr size_t kMaxLengths = 2;  // of an element
static_assert(limits::kLeastReplyFrameBytes >=
                  kFrameHeaderBytes + PageRoom::kFixedBytes + 1 + limits::kMaxNameBytes +
                      kRecordBytesWithoutValue + kMaxLengths * PageRoom::kLengthBytes,
              "an element without its value fits into every reply");

}  // namespace

EntryOutcome OutcomeOf(ScanPage::Outcome outcome) {
  switch (outcome) {
    case ScanPage::Outcome::kFound:
      return EntryOutcome::kFound;
    case ScanPage::Outcome::kCorrupt:
      return EntryOutcome::kCorrupt;
    case ScanPage::Outcome::kGap:
      break;
  }
  return EntryOutcome::kGap;
}

void ReplyWithPage(std::span<const ScanPage::Entry> entries, Bytes continuation, Reply* reply) {
  op::Scan::Response response;
  response.entries.reserve(entries.size());
  PageRoom room(*reply, kMaxLengths);
  for (const ScanPage::Entry& entry : entries) {
    const size_t without_value = 1 + entry.sort.size() + kRecordBytesWithoutValue;
    const size_t whole = without_value + entry.record.value.size();
    const bool too_large = !room.FitsAlone(whole);
    if (!room.Take(too_large ? without_value : whole)) {
      CHECK(!response.entries.empty(), "one entry without its value fits");
      const op::ScanEntry& last = response.entries.back();
      continuation = last.outcome == EntryOutcome::kGap ? ContinuationFrom(entry.sort)
                                                        : ContinuationAfter(last.sort);
      break;
    }
    // In place: a copy of what was just stored in pieces would wait for the stores.
    op::ScanEntry& told = response.entries.emplace_back();
    told.outcome = too_large ? EntryOutcome::kTooLarge : OutcomeOf(entry.outcome);
    told.sort = entry.sort;
    if (!too_large) told.record = entry.record;
  }
  response.continuation = continuation;
  reply->Ok<op::Scan>(response);
}

void ReplyWithPage(const ListPage& page, Reply* reply) {
  op::List::Response response{.partitions = {}, .gap = page.gap, .continuation = {}};
  Bytes continuation = ContinuationOf(page);
  PageRoom room(*reply, /*lengths=*/1);
  for (const Bytes& id : page.partitions) {
    if (!room.Take(id.size())) {
      CHECK(!response.partitions.empty(), "one partition fits");
      continuation = ContinuationAfter(response.partitions.back());
      break;
    }
    response.partitions.emplace_back(id);
  }
  response.continuation = continuation;
  reply->Ok<op::List>(response);
}

}  // namespace smile
