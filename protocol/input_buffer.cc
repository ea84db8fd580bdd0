#include "protocol/input_buffer.h"

#include <sys/mman.h>
#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "base/check.h"

namespace smile {
namespace {

constexpr size_t kPageBytes = 4096;
static_assert(InputBuffer::kLeastLargeBytes % kPageBytes == 0, "a mapping is whole pages");

constexpr size_t RoundUp(size_t bytes) {
  return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
}

// Null if there is not enough memory.
void* Map(size_t bytes) {
  void* const mapped =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mapped == MAP_FAILED ? nullptr : mapped;
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SMILE_COPIES_MAPPINGS
#endif
#endif

// A larger mapping with the same bytes, instead of this one. Null if there is not enough memory.
void* Remap(void* old, size_t old_bytes, size_t bytes) {
#if defined(SMILE_COPIES_MAPPINGS)
  // ThreadSanitizer does not see mremap: it would take the next thread that is given the old
  // addresses by the kernel for one that shares them.
  void* const mapped = Map(bytes);
  if (mapped == nullptr) return nullptr;
  std::memcpy(mapped, old, old_bytes);
  CHECK(munmap(old, old_bytes) == 0);
  return mapped;
#else
  void* const mapped = mremap(old, old_bytes, bytes, MREMAP_MAYMOVE);
  return mapped == MAP_FAILED ? nullptr : mapped;
#endif
}

}  // namespace

void InputBuffer::Swap(InputBuffer* other) {
  std::swap(small_, other->small_);
  std::swap(large_, other->large_);
  std::swap(large_size_, other->large_size_);
  std::swap(large_capacity_, other->large_capacity_);
  std::swap(large_pages_bytes_, other->large_pages_bytes_);
}

void InputBuffer::Reserve(size_t bytes) {
  if (bytes <= capacity()) return;
  if (bytes >= kLeastLargeBytes) return Enlarge(RoundUp(bytes));
  Bytes grown;
  grown.reserve(bytes);
  grown.append(small_);
  small_.swap(grown);
  CHECK(large_ == nullptr && small_.capacity() >= bytes);
}

// Out of memory, it fails as operator new does.
void InputBuffer::Enlarge(size_t bytes) {
  CHECK(bytes % kPageBytes == 0 && bytes > large_capacity_);
  void* const mapped = large_ != nullptr ? Remap(large_, large_capacity_, bytes) : Map(bytes);
  if (mapped == nullptr) throw std::bad_alloc();
  large_ = static_cast<char*>(mapped);
  large_capacity_ = bytes;
  // With huge pages, the first byte would use 2 MiB. Fails where there are none.
  (void)madvise(large_, bytes, MADV_NOHUGEPAGE);
  const Bytes small = std::exchange(small_, {});
  Append(small);
  CHECK(small_.empty(), "bytes are in one of the two places");
}

void InputBuffer::Append(ByteView bytes) {
  if (large_ == nullptr) {
    small_.append(bytes);
    return;
  }
  CHECK(large_size_ + bytes.size() <= large_capacity_);
  Populate(RoundUp(large_size_ + bytes.size()));
  std::memcpy(large_ + large_size_, bytes.data(), bytes.size());
  large_size_ += bytes.size();
  CHECK(large_size_ <= large_pages_bytes_ && large_pages_bytes_ <= large_capacity_);
}

// Takes the pages up to `bytes` from the kernel at once, which costs less than a page fault for
// each. Where the kernel cannot (before Linux 5.14), page faults do it.
void InputBuffer::Populate(size_t bytes) {
  if (bytes <= large_pages_bytes_) return;
#ifdef MADV_POPULATE_WRITE
  (void)madvise(large_ + large_pages_bytes_, bytes - large_pages_bytes_, MADV_POPULATE_WRITE);
#endif
  large_pages_bytes_ = bytes;
}

void InputBuffer::RemovePrefix(size_t bytes) {
  CHECK(bytes <= size());
  if (large_ == nullptr) {
    small_.erase(0, bytes);
    return;
  }
  large_size_ -= bytes;
  std::memmove(large_, large_ + bytes, large_size_);
}

void InputBuffer::Shrink(size_t bytes) {
  const size_t kept = RoundUp(bytes);
  if (large_ == nullptr || kept == 0) return Clear();
  if (kept >= large_pages_bytes_) return;
  CHECK(munmap(large_ + kept, large_capacity_ - kept) == 0);
  large_capacity_ = large_pages_bytes_ = kept;
  large_size_ = std::min(large_size_, kept);
}

void InputBuffer::Clear() {
  Bytes().swap(small_);
  if (large_ == nullptr) {
    CHECK(large_size_ == 0 && large_capacity_ == 0);
    return;
  }
  CHECK(munmap(large_, large_capacity_) == 0);
  large_ = nullptr;
  large_size_ = large_capacity_ = large_pages_bytes_ = 0;
}

size_t InputBuffer::free_memory() const {
  CHECK(large_size_ <= large_pages_bytes_, "bytes are in pages that were written to");
  if (large_ != nullptr) return large_pages_bytes_ - large_size_;
  return small_.empty() ? 0 : small_.capacity() - small_.size();
}

}  // namespace smile
