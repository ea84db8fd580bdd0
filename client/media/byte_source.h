// Where the bytes of an upload come from.
//
// An upload asks for the next bytes only when it has room for them, so a source is never asked for
// more than it can send. Programs derive from ByteSource for bytes that arrive asynchronously, such
// as the body of an HTTP request.
#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"

namespace smile {

// A sequence of bytes that is read once.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // The next `size` bytes: fewer only at the end, none after it. One call at a time. The upload
  // continues, and computes its hash, on the thread that brings the bytes.
  virtual Task<Result<Bytes>> Read(size_t size) = 0;
};

// Bytes in memory, which must outlive the source. They are copied on a thread of the source.
class MemorySource final : public ByteSource {
 public:
  // Reads `bytes` from their start.
  explicit MemorySource(ByteView bytes);
  // Not while a Read is in flight.
  ~MemorySource() override;
  Task<Result<Bytes>> Read(size_t size) override;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

// A file descriptor, such as a file or a pipe, from its current position to its end. It is read by
// a thread of the source; it stays open, and must outlive the source.
class FileSource final : public ByteSource {
 public:
  // `descriptor` is open for reading.
  explicit FileSource(int descriptor);
  // Not while a Read is in flight.
  ~FileSource() override;
  // kInvalid, with the system's reason, if the descriptor cannot be read.
  Task<Result<Bytes>> Read(size_t size) override;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace smile
