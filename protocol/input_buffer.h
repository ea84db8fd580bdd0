// The beginning of a stream that had to be kept because a frame is not complete: small ones in a
// string, large ones in memory of their own from the kernel.
//
// A large buffer is reserved for the whole frame at once, but takes memory only as bytes come, in
// pages of 4 KiB: it is never copied to grow, never has room that is paid for and not used, and
// goes back to the kernel at once. A client that claims 4 MiB and sends little costs little.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/memory_budget.h"

namespace smile {

class InputBuffer {
 public:
  // From so much capacity on a buffer is large.
  static constexpr size_t kLeastLargeBytes = size_t{64} << 10;

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

  // Room for so many bytes together, at least.
  void Reserve(size_t bytes);
  // There is room for them.
  void Append(ByteView bytes);
  void RemovePrefix(size_t bytes);
  // Gives all memory back.
  void Clear();

  // What it takes, and how much more comes into it without taking more.
  size_t memory() const { return large_ != nullptr ? large_pages_bytes_ : MemoryOf(small_); }
  size_t free_memory() const;

 private:
  void Swap(InputBuffer* other);
  void Enlarge(size_t bytes);

  Bytes small_;
  char* large_ = nullptr;  // a mapping; then small_ is empty
  size_t large_size_ = 0;
  size_t large_capacity_ = 0;
  size_t large_pages_bytes_ = 0;  // of the pages that were ever written to
};

}  // namespace smile
