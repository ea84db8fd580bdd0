// The parts of a file that this process has verified, and whether they are in the system's memory:
// such a part can be sent without being read again. Any thread; no call blocks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace smile {

class VerifiedParts {
 public:
  // Of `count` parts, numbered by the user, of a file of at most `file_bytes`. The descriptor is
  // open as long as the object.
  VerifiedParts(int descriptor, uint64_t file_bytes, uint64_t count);
  ~VerifiedParts();
  VerifiedParts(const VerifiedParts&) = delete;
  VerifiedParts& operator=(const VerifiedParts&) = delete;

  // The part was written by this process, or matches its checksum.
  void Add(uint64_t part);
  // It was added, and all of these bytes, at most limits::kMaxContentReadBytes and a page, are in
  // memory now.
  bool AreInMemory(uint64_t part, uint64_t offset, size_t size) const;

 private:
  bool PagesAreInMemory(uint64_t first, size_t pages) const;

  const int descriptor_;
  const uint64_t file_bytes_;
  const uint64_t count_;
  void* mapping_ = nullptr;  // of the whole file, never read; null if it is not needed
  const std::unique_ptr<std::atomic<uint64_t>[]> bits_;
};

}  // namespace smile
