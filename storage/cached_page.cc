#include "storage/cached_page.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "base/prefetch.h"

namespace smile {
namespace {

struct PageHeader {
  uint32_t count;
  uint32_t partition_goes_on;
};

struct EntryHeader {
  uint64_t version;
  uint64_t checksum;
  uint32_t sort_size;
  uint32_t value_size;
};

// Of a page: more than a processor fetches at once, and no more than a small page has.
constexpr size_t kMostPrefetched = size_t{4} << 10;

template <class Header>
void Append(const Header& header, Bytes* to) {
  to->append(reinterpret_cast<const char*>(&header), sizeof(header));
}

template <class Header>
Header Take(ByteView* from) {
  Header header;
  std::memcpy(&header, from->data(), sizeof(header));
  from->remove_prefix(sizeof(header));
  return header;
}

ByteView TakeBytes(size_t size, ByteView* from) {
  const ByteView bytes = from->substr(0, size);
  from->remove_prefix(size);
  return bytes;
}

}  // namespace

bool IsForFirstPage(const ScanRequest& request) {
  return KeepsFirstPages(request.table) && request.from.empty() && request.to.empty() &&
         request.after.empty();
}

bool IsWorthKeeping(const ScanRequest& request, const ScanPage& page) {
  return !request.keys_only && page.whole() && (!page.more || page.size() == request.limit);
}

size_t EncodedPageSize(const ScanPage& page) {
  size_t size = sizeof(PageHeader) + page.size() * sizeof(EntryHeader);
  for (size_t i = 0; i < page.size(); ++i)
    size += page[i].sort.size() + page[i].record.value.size();
  return size;
}

Bytes EncodePage(const ScanPage& page) {
  CHECK(page.whole(), "an entry's outcome has no place here");
  Bytes bytes;
  bytes.reserve(EncodedPageSize(page));
  Append(PageHeader{.count = static_cast<uint32_t>(page.size()), .partition_goes_on = page.more},
         &bytes);
  for (size_t i = 0; i < page.size(); ++i) {
    const ScanPage::Entry entry = page[i];
    Append(EntryHeader{.version = entry.record.version,
                       .checksum = entry.record.checksum,
                       .sort_size = static_cast<uint32_t>(entry.sort.size()),
                       .value_size = static_cast<uint32_t>(entry.record.value.size())},
           &bytes);
    bytes.append(entry.sort).append(entry.record.value);
  }
  return bytes;
}

CachedPage::CachedPage(ByteView encoded) : rest_(encoded) {
  Prefetch(encoded.data(), std::min(encoded.size(), kMostPrefetched));
  const auto header = Take<PageHeader>(&rest_);
  count_ = header.count;
  partition_goes_on_ = header.partition_goes_on != 0;
}

ScanPage::Entry CachedPage::Next() {
  const auto header = Take<EntryHeader>(&rest_);
  const ByteView sort = TakeBytes(header.sort_size, &rest_);
  const ByteView value = TakeBytes(header.value_size, &rest_);
  return {.sort = sort,
          .record = {.version = header.version, .checksum = header.checksum, .value = value}};
}

// As ScanJob does it: an entry is in the answer if it is the first, or both limits allow it.
bool CachedPage::Answers(const ScanRequest& request) {
  const size_t most = std::min<size_t>(count_, request.limit);
  entries_.reserve(most);
  size_t value_bytes = 0;
  while (entries_.size() < most) {
    ScanPage::Entry entry = Next();
    if (request.keys_only) entry.record.value = {};
    value_bytes += entry.record.value.size();
    more_ = !entries_.empty() && value_bytes > request.max_value_bytes;
    if (more_) return true;
    entries_.push_back(entry);
  }
  more_ = entries_.size() < count_ || partition_goes_on_;
  return entries_.size() == request.limit || !partition_goes_on_;
}

}  // namespace smile
