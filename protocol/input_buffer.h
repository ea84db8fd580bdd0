// Buffer for an incomplete frame: a string if it is small, a mapping of its own if it is large.
//
// A large buffer is reserved for the whole frame at once, but uses memory only as bytes arrive, in
// pages of 4 KiB: it is not copied to grow, has no unused memory beyond a page, and is returned to
// the kernel at once. A client that claims 4 MiB and sends little costs little.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/memory_budget.h"

namespace smile {

class InputBuffer {
 public:
  // From this capacity on, a buffer is large.
  static constexpr size_t kLeastLargeBytes = size_t{512} << 10;

  InputBuffer() = default;
  ~InputBuffer() { Clear(); }
  InputBuffer(InputBuffer&& other) noexcept { Swap(&other); }
  InputBuffer& operator=(InputBuffer&& other) noexcept {
    Clear();
    Swap(&other);
    return *this;
  }

  ByteView view() const { return large_ != nullptr ? ByteView(large_, large_size_) : small_; }
  size_t size() const { return view().size(); }
  bool empty() const { return size() == 0; }
  size_t capacity() const { return large_ != nullptr ? large_capacity_ : small_.capacity(); }
  bool is_large() const { return large_ != nullptr; }

  // Makes the capacity at least `bytes`.
  void Reserve(size_t bytes);
  // Requires enough capacity if the buffer is large.
  void Append(ByteView bytes);
  void RemovePrefix(size_t bytes);
  // Keeps at most `bytes` of its memory, and of its content: releases a large buffer in steps.
  void Shrink(size_t bytes);
  // Releases all memory.
  void Clear();

  // Memory in use, and how much of it has no bytes yet.
  size_t memory() const { return large_ != nullptr ? large_pages_bytes_ : MemoryOf(small_); }
  size_t free_memory() const;

 private:
  void Swap(InputBuffer* other);
  void Enlarge(size_t bytes);
  void Populate(size_t bytes);

  Bytes small_;
  char* large_ = nullptr;  // a mapping; then small_ is empty
  size_t large_size_ = 0;
  size_t large_capacity_ = 0;
  size_t large_pages_bytes_ = 0;  // pages that were ever written to
};

}  // namespace smile
