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

// Of a page: enough to hide the latency of memory, no more than a small page has.
constexpr size_t kMaxPrefetchedBytes = size_t{4} << 10;

static_assert(limits::kMaxCachedValueBytes <= UINT32_MAX, "sizes and counts are 32 bits");

template <class Header>
void Append(const Header& header, Bytes* to) {
  to->append(reinterpret_cast<const char*>(&header), sizeof(header));
}

template <class Header>
Header Take(ByteView* from) {
  CHECK(from->size() >= sizeof(Header), "the page was encoded by EncodePage");
  Header header;
  std::memcpy(&header, from->data(), sizeof(header));
  from->remove_prefix(sizeof(header));
  return header;
}

ByteView TakeBytes(size_t size, ByteView* from) {
  CHECK(size <= from->size(), "the page was encoded by EncodePage");
  const ByteView bytes = from->substr(0, size);
  from->remove_prefix(size);
  return bytes;
}

ScanPage::Entry TakeEntry(ByteView* from) {
  const auto header = Take<EntryHeader>(from);
  const ByteView sort = TakeBytes(header.sort_size, from);
  const ByteView value = TakeBytes(header.value_size, from);
  return {.sort = sort,
          .record = {.version = header.version, .checksum = header.checksum, .value = value}};
}

void AppendEntry(ByteView sort, const RecordView& record, Bytes* to) {
  CHECK(record.expires_ms == 0, "a page does not change without a write");
  Append(EntryHeader{.version = record.version,
                     .checksum = record.checksum,
                     .sort_size = static_cast<uint32_t>(sort.size()),
                     .value_size = static_cast<uint32_t>(record.value.size())},
         to);
  to->append(sort).append(record.value);
}

size_t EntryBytes(ByteView sort, const RecordView& record) {
  return sizeof(EntryHeader) + sort.size() + record.value.size();
}

}  // namespace

bool IsForFirstPage(const ScanRequest& request) {
  const size_t prefix = PagePrefixBytes(request.table);
  return request.after.empty() && request.from.size() == prefix &&
         HasFirstPage(request.table, request.from) &&
         request.to == (prefix == 0 ? Bytes() : PrefixEnd(request.from));
}

bool IsWorthKeeping(const ScanRequest& request, const ScanPage& page) {
  return !request.keys_only && page.whole() && (!page.more || page.size() == request.limit);
}

size_t EncodedPageSize(const ScanPage& page) {
  size_t size = sizeof(PageHeader);
  for (size_t i = 0; i < page.size(); ++i) size += EntryBytes(page[i].sort, page[i].record);
  return size;
}

Bytes EncodePage(const ScanPage& page) {
  CHECK(page.whole(), "outcomes are not encoded");
  const size_t size = EncodedPageSize(page);
  CHECK(size <= UINT32_MAX);
  Bytes bytes;
  bytes.reserve(size);
  Append(PageHeader{.count = static_cast<uint32_t>(page.size()), .partition_goes_on = page.more},
         &bytes);
  for (size_t i = 0; i < page.size(); ++i) {
    AppendEntry(page[i].sort, page[i].record, &bytes);
  }
  CHECK(bytes.size() == size);
  return bytes;
}

std::optional<Bytes> PageAfter(Table table, ByteView encoded, ByteView sort,
                               const RecordView* record) {
  if (record != nullptr && record->expires_ms != 0) return std::nullopt;
  const bool newest_first = InfoOf(table).newest_first;
  ByteView rest = encoded;
  auto header = Take<PageHeader>(&rest);
  const ByteView first = rest;
  // The entries before the record, and the one that it replaces.
  size_t before = 0, replaced_bytes = 0;
  ByteView last;
  for (size_t i = 0; i < header.count; ++i) {
    last = rest;
    const ByteView there = TakeEntry(&rest).sort;
    const size_t bytes = last.size() - rest.size();
    if (there == sort) replaced_bytes = bytes;
    if (newest_first ? there > sort : there < sort) before += bytes;
  }
  CHECK(rest.empty(), "nothing follows the last entry");
  const bool is_there = replaced_bytes > 0, goes_on = header.partition_goes_on != 0;
  const bool comes_after = before == first.size();
  // It may have been the last one of those that follow the page.
  if (!is_there && comes_after && goes_on && record == nullptr) return std::nullopt;
  if (!is_there && (record == nullptr || (comes_after && goes_on))) return Bytes(encoded);
  ByteView after = first.substr(before + replaced_bytes);
  if (!is_there && goes_on) after.remove_suffix(last.size());  // it is on the next page now
  if (!is_there && !goes_on) ++header.count;
  if (record == nullptr && --header.count == 0 && goes_on) return std::nullopt;
  Bytes bytes;
  bytes.reserve(sizeof(header) + first.size() +
                (record == nullptr ? 0 : EntryBytes(sort, *record)));
  Append(header, &bytes);
  bytes.append(first.substr(0, before));
  if (record != nullptr) AppendEntry(sort, *record, &bytes);
  bytes.append(after);
  return bytes;
}

CachedPage::CachedPage(ByteView encoded) : rest_(encoded) {
  Prefetch(encoded.data(), std::min(encoded.size(), kMaxPrefetchedBytes));
  const auto header = Take<PageHeader>(&rest_);
  count_ = header.count;
  partition_goes_on_ = header.partition_goes_on != 0;
}

// With the same limits as ScanJob: the first entry always fits, the others only within both limits.
bool CachedPage::Answers(const ScanRequest& request) {
  CHECK(IsForFirstPage(request) && request.limit > 0);
  CHECK(entries_.empty() && !more_, "called once");
  const size_t max_entries = std::min<size_t>(count_, request.limit);
  entries_.reserve(max_entries);
  size_t value_bytes = 0;
  while (entries_.size() < max_entries) {
    ScanPage::Entry entry = TakeEntry(&rest_);
    if (request.keys_only) entry.record.value = {};
    value_bytes += entry.record.value.size();
    more_ = !entries_.empty() && value_bytes > request.max_value_bytes;
    if (more_) return true;
    entries_.push_back(entry);
  }
  CHECK(entries_.size() < count_ || rest_.empty(), "nothing follows the last entry");
  more_ = entries_.size() < count_ || partition_goes_on_;
  return entries_.size() == request.limit || !partition_goes_on_;
}

}  // namespace smile
