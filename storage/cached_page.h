// The first page of a partition, as bytes: how the record cache keeps it (see
// storage/record_cache.h). In memory only, so native integers will do.
#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "storage/engine.h"

namespace smile {

// Whether first pages are kept of this table: timelines and lists of links are read from their
// beginning again and again, while the records of the other tables are asked for by their names,
// and there each write would pay for pages that nobody asks for.
constexpr bool KeepsFirstPages(Table table) {
  return table == Table::kPosts || table == Table::kLinks || table == Table::kMedia;
}

// Whether the request is for the beginning of its partition, and that is kept.
bool IsForFirstPage(const ScanRequest& request);

// Whether the page that answered such a request can answer others: it has the values, of all its
// entries, and ended at the request's limit or with the partition. (That no record in it expires,
// so that it cannot change without a write, is for the reader to see: it has met those that are not
// in the page, too.)
bool IsWorthKeeping(const ScanRequest& request, const ScanPage& page);

// How many bytes EncodePage gives.
size_t EncodedPageSize(const ScanPage& page);
// Of a whole page (CHECK).
Bytes EncodePage(const ScanPage& page);

// What a page says about a request.
class CachedPage {
 public:
  // `encoded` is what EncodePage gave, and outlives this.
  explicit CachedPage(ByteView encoded);

  // True if the page is enough to answer the request, which is for the first page: then entries()
  // and more() are the answer. Once only.
  bool Answers(const ScanRequest& request);
  const std::vector<ScanPage::Entry>& entries() const { return entries_; }
  bool more() const { return more_; }

 private:
  ScanPage::Entry Next();

  ByteView rest_;
  size_t count_ = 0;
  bool partition_goes_on_ = false;
  std::vector<ScanPage::Entry> entries_;
  bool more_ = false;
};

}  // namespace smile
