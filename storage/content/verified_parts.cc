#include "storage/content/verified_parts.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/check.h"
#include "base/limits.h"

namespace smile {
namespace {

constexpr uint64_t kBitsPerWord = 64;
constexpr uint64_t kMemoryPageBytes = 4096;
// Of a part that begins anywhere in a page, with a header.
constexpr size_t kMostPages = limits::kMaxContentReadBytes / kMemoryPageBytes + 2;

// cachestat(2), which is not in the headers of Debian 12. The number of pages of the range that are
// in memory; none before Linux 6.5. It costs less than mincore(2), which looks at each page.
std::optional<uint64_t> CachedPages(int descriptor, uint64_t offset, uint64_t size) {
  struct Range {
    uint64_t offset;
    uint64_t size;
  };
  struct Counts {
    uint64_t cached;
    uint64_t dirty;
    uint64_t writeback;
    uint64_t evicted;
    uint64_t recently_evicted;
  };
  constexpr long kCacheStat = 451;
  const Range range{.offset = offset, .size = size};
  Counts counts{};
  if (syscall(kCacheStat, descriptor, &range, &counts, 0) != 0) return std::nullopt;
  return counts.cached;
}

}  // namespace

VerifiedParts::VerifiedParts(int descriptor, uint64_t file_bytes, uint64_t count)
    : descriptor_(descriptor),
      file_bytes_(file_bytes),
      count_(count),
      bits_(new std::atomic<uint64_t>[count / kBitsPerWord + 1]()) {
  if (file_bytes == 0 || CachedPages(descriptor, 0, kMemoryPageBytes)) return;
  void* const mapped = mmap(nullptr, file_bytes, PROT_READ, MAP_SHARED, descriptor, 0);
  if (mapped != MAP_FAILED) mapping_ = mapped;
}

VerifiedParts::~VerifiedParts() {
  if (mapping_ != nullptr) CHECK(munmap(mapping_, file_bytes_) == 0);
}

void VerifiedParts::Add(uint64_t part) {
  CHECK(part < count_);
  bits_[part / kBitsPerWord].fetch_or(uint64_t{1} << (part % kBitsPerWord));
}

bool VerifiedParts::AreInMemory(uint64_t part, uint64_t offset, size_t size) const {
  CHECK(part < count_ && size > 0);
  const uint64_t bits = bits_[part / kBitsPerWord].load();
  if (((bits >> (part % kBitsPerWord)) & 1) == 0 || offset + size > file_bytes_) return false;
  const uint64_t first = offset / kMemoryPageBytes * kMemoryPageBytes;
  const uint64_t end = offset + size + kMemoryPageBytes - 1;
  return PagesAreInMemory(first, (end - first) / kMemoryPageBytes);
}

bool VerifiedParts::PagesAreInMemory(uint64_t first, size_t pages) const {
  if (mapping_ == nullptr) {
    return CachedPages(descriptor_, first, pages * kMemoryPageBytes).value_or(0) == pages;
  }
  std::array<unsigned char, kMostPages> in_memory;
  CHECK(pages <= in_memory.size());
  char* const start = static_cast<char*>(mapping_) + first;
  if (mincore(start, pages * kMemoryPageBytes, in_memory.data()) != 0) return false;
  return std::all_of(in_memory.begin(), in_memory.begin() + static_cast<ptrdiff_t>(pages),
                     [](unsigned char page) { return (page & 1) != 0; });
}

}  // namespace smile
