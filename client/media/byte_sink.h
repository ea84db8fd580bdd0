// Where the bytes of a download go to.
//
// A download writes one piece after the other. While a sink does not take one, the download
// pauses: it has a bounded number of pieces in memory.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/status.h"
#include "base/task.h"

namespace smile {

// Takes bytes in their order.
class ByteSink {
 public:
  virtual ~ByteSink() = default;

  // Takes the next bytes, which are valid until the task is done. A failure ends the download. One
  // call at a time. The download continues, and computes its hash, on the thread on which the task
  // ends.
  virtual Task<Status> Write(ByteView bytes) = 0;
};

// Appends to a string, which must outlive the sink, on a thread of the sink.
class MemorySink final : public ByteSink {
 public:
  // `out` is not null.
  explicit MemorySink(Bytes* out);
  // Not while a Write is in flight.
  ~MemorySink() override;
  Task<Status> Write(ByteView bytes) override;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

// A file descriptor, such as a file or a pipe, from its current position. It is written by a thread
// of the sink; it stays open, and must outlive the sink. A program that writes to pipes ignores or
// blocks SIGPIPE.
class FileSink final : public ByteSink {
 public:
  // `descriptor` is open for writing.
  explicit FileSink(int descriptor);
  // Not while a Write is in flight.
  ~FileSink() override;
  // kInvalid, with the system's reason, if the descriptor cannot be written; kNoSpace if its disk
  // is full.
  Task<Status> Write(ByteView bytes) override;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace smile
