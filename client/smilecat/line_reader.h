// Lines of a file or of standard input.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "client/smilecat/input_file.h"

namespace smile::cat {

class LineReader {
 public:
  // A line of over `max_bytes` is a failure, kTooLarge.
  LineReader(InputFile* file, size_t max_bytes) : file_(file), max_bytes_(max_bytes) {}

  // Goes on at `offset`, where the line with this number begins.
  Status Seek(uint64_t offset, uint64_t line);

  // The next line, without its end; the last one needs none. False: there is no more. After
  // kTooLarge, SkipLine() and Next() go on with the line after that one.
  Result<bool> Next(Bytes* line);

  // Skips the rest of a line that was too large.
  Status SkipLine();

  // Of the next line: its number, from 1, and where it begins.
  uint64_t line() const { return line_; }
  uint64_t offset() const { return offset_; }

 private:
  InputFile* const file_;
  const size_t max_bytes_;
  ByteView block_;  // what has not been read
  bool at_end_ = false;
  bool line_ended_ = false;  // the block begins after the line that was too large
  uint64_t line_ = 1;
  uint64_t offset_ = 0;
};

}  // namespace smile::cat
