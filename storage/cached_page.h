// The page cache of timelines: the encoding of the first page of a partition in the record cache
// (see storage/record_cache.h). It is never stored, so it uses native integers.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "model/tables.h"
#include "storage/engine.h"

namespace smile {

// Whether pages of this table are cached. Timelines and lists of links are read from their
// beginning again and again. The records of other tables are looked up by key; there every write
// would pay for pages that nobody reads.
constexpr bool KeepsFirstPages(Table table) {
  return table == Table::kPosts || table == Table::kLinks || table == Table::kMedia;
}

// A page has the first records of a partition, or in `links`, where timelines of several kinds are
// in one partition, of those whose sort keys begin with the same bytes: this many.
constexpr size_t PagePrefixBytes(Table table) {
  return table == Table::kLinks ? 2 : 0;
}
// Whether the records whose sort keys begin like this, complete or as a page's prefix, have a page.
constexpr bool HasFirstPage(Table table, ByteView sort) {
  if (table == Table::kLinks) {
    return sort.size() >= 2 && sort[1] == static_cast<char>(LinkView::kNewest);
  }
  return KeepsFirstPages(table);
}

// Whether the request is for all records of a page and those after them. Then its `from` is the
// page's prefix.
bool IsForFirstPage(const ScanRequest& request);

// Whether the page that answered such a request can answer others: all its entries were readable
// and have values, and it ended at the request's limit or at the end of the partition. The reader
// must check in addition that it has met no record with an expiry time, also among the records
// that are not on the page: the page must not change without a write.
bool IsWorthKeeping(const ScanRequest& request, const ScanPage& page);

// The size of EncodePage(page).
size_t EncodedPageSize(const ScanPage& page);
// All entries of the page are kFound (CHECK).
Bytes EncodePage(const ScanPage& page);

// The page after a record was put, or deleted (null). The page keeps its first records: it gets no
// more of them than it has if others follow. None: what it is now is not known, because the record
// expires, or nothing may be left of the page or after it. `encoded` is the result of EncodePage or
// PageAfter.
std::optional<Bytes> PageAfter(Table table, ByteView encoded, ByteView sort,
                               const RecordView* record);

// Answers a request from a cached page.
class CachedPage {
 public:
  // `encoded` is the result of EncodePage or PageAfter, and outlives this.
  explicit CachedPage(ByteView encoded);

  // True if the page is sufficient to answer the request, which must be for the first page: then
  // entries() and more() are the answer. May be called once.
  bool Answers(const ScanRequest& request);
  const std::vector<ScanPage::Entry>& entries() const { return entries_; }
  bool more() const { return more_; }

 private:
  ByteView rest_;
  size_t count_ = 0;
  bool partition_goes_on_ = false;
  std::vector<ScanPage::Entry> entries_;
  bool more_ = false;
};

}  // namespace smile
