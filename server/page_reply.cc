#include "server/page_reply.h"

#include <cstddef>

#include "base/check.h"
#include "base/limits.h"
#include "protocol/operations.h"
#include "server/continuation.h"
#include "server/key_results.h"

namespace smile {
namespace {

// Room for the elements of a page in a reply.
class PageRoom {
 public:
  // Of elements that have at most so many lengths each, beside a continuation and a flag. At least
  // one element without a value has room.
  PageRoom(const Reply& reply, size_t lengths)
      : lengths_(lengths), most_(reply.max_body_bytes() - kFixed), left_(most_) {
    CHECK(lengths <= kMaxLengths);
  }

  // Whether an element of `bytes`, without its lengths, would fit into an empty reply.
  bool FitsAlone(size_t bytes) const { return bytes + lengths_ * kLengthBytes <= most_; }

  // False: it does not fit after the previous ones.
  bool Take(size_t bytes) {
    bytes += lengths_ * kLengthBytes;
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

 private:
  static constexpr size_t kLengthBytes = 4;                            // maximum in a frame
  static constexpr size_t kContinuation = 32 + limits::kMaxNameBytes;  // maximum: a place in a LIST
  static constexpr size_t kFixed = 2 * kLengthBytes + 1 + kContinuation;

  static constexpr size_t kMaxLengths = 2;
  static_assert(limits::kLeastReplyFrameBytes >=
                    kFrameHeaderBytes + kFixed + 1 + limits::kMaxNameBytes +
                        kRecordBytesWithoutValue + kMaxLengths * kLengthBytes,
                "an element without its value fits into every reply");

  const size_t lengths_;
  const size_t most_;
  size_t left_;
};

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

}  // namespace

void ReplyWithPage(std::span<const ScanPage::Entry> entries, Bytes continuation, Reply* reply) {
  op::Scan::Response response;
  response.entries.reserve(entries.size());
  PageRoom room(*reply, /*lengths=*/2);
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
    if (too_large) {
      response.entries.push_back({EntryOutcome::kTooLarge, entry.sort, {}});
    } else {
      response.entries.push_back({OutcomeOf(entry.outcome), entry.sort, entry.record});
    }
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
