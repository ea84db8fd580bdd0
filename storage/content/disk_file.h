// A file of the disk, with errors as Status: kNoSpace, kNotFound or kStorageFailed. Messages name
// no path, as they may reach clients. All calls block. Not for event loops.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace smile {

class DiskFile {
 public:
  // For reading and writing; fails if there is one.
  static Result<DiskFile> Create(const std::string& path);
  static Result<DiskFile> OpenToWrite(const std::string& path);
  static Result<DiskFile> OpenToRead(const std::string& path);
  DiskFile(DiskFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  DiskFile& operator=(DiskFile&& other) noexcept;
  ~DiskFile();

  // Exactly `size` bytes, or kCorrupt if the file ends before.
  Status ReadAt(uint64_t offset, size_t size, char* bytes) const;
  // The same for as many bytes as `head` and then `rest` have, into them.
  Status ReadAt(uint64_t offset, Bytes* head, Bytes* rest) const;
  // The same without waiting for the disk. False: some of it is not in memory, or cannot be read.
  bool TryReadAt(uint64_t offset, size_t size, char* bytes) const;
  Status WriteAt(uint64_t offset, ByteView bytes) const;
  Result<uint64_t> Size() const;
  // Without holes.
  Result<uint64_t> AllocatedBytes() const;
  Status Truncate(uint64_t size) const;
  // Gives back the space of a range, which is read as zeros afterwards.
  Status PunchHole(uint64_t offset, uint64_t size) const;
  // Where something is stored next, from `offset` on. None: nothing is.
  Result<std::optional<uint64_t>> NextData(uint64_t offset) const;
  // The bytes and the size are durable when it returns.
  Status Sync() const;
  // Starts to write the range to the disk without waiting, so that Sync() has less to do.
  void StartSync(uint64_t offset, uint64_t size) const;
  // Reads go anywhere: only what is asked for is read from the disk, and all of it at once.
  void ExpectRandomReads() const;

  int descriptor() const { return descriptor_; }

 private:
  explicit DiskFile(int descriptor) : descriptor_(descriptor) {}
  static Result<DiskFile> Open(const std::string& path, int flags);

  int descriptor_;
};

// Only the owner of the process may use it. Ok if there is one.
Status MakeDirectory(const std::string& path);
// Makes the entries of a directory durable.
Status SyncDirectory(const std::string& path);
// Replaces a file at `to`.
Status RenameFile(const std::string& from, const std::string& to);
// Ok if there is none.
Status RemoveFile(const std::string& path);
bool FileExists(const std::string& path);
// Names of the entries of a directory, in order, without hidden ones. None if there is none.
Result<std::vector<std::string>> NamesIn(const std::string& path);
struct DiskSize {
  uint64_t free_bytes = 0;  // that the process may still write
  uint64_t bytes = 0;
};
// The disk of `path`.
Result<DiskSize> SizeOfDisk(const std::string& path);

}  // namespace smile
