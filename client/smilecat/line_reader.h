// Lines of a file or of standard input.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"
#include "client/smilecat/input_file.h"

namespace smile::cat {

class LineReader {
 public:
  // A line of over `max_bytes` is a failure, kTooLarge. `hash`, if it is not null, gets the bytes
  // of the file as they are read.
  LineReader(InputFile* file, size_t max_bytes, StreamHash* hash = nullptr)
      : file_(file), max_bytes_(max_bytes), hash_(hash) {}

  // Goes on where the file is now: at `offset`, where the line with this number begins.
  void Continue(uint64_t offset, uint64_t line);

  // The next line, without its end; the last one needs none. False: there is no more. After
  // kTooLarge, SkipLine() and Next() go on with the line after that one. A byte order mark at the
  // beginning of the file is left out.
  Result<bool> Next(Bytes* line);

  // Skips the rest of a line that was too large.
  Status SkipLine();

  // Of the line that was read or skipped: false if the end of the file ended it.
  bool line_finished() const { return line_finished_; }

  // Of the next line: its number, from 1, and where it begins.
  uint64_t line() const { return line_; }
  uint64_t offset() const { return offset_; }

 private:
  Status FillBlock();
  ByteView TakePiece();

  InputFile* const file_;
  const size_t max_bytes_;
  StreamHash* const hash_;
  ByteView block_;  // what has not been read
  bool at_end_ = false;
  bool line_finished_ = true;
  uint64_t line_ = 1;
  uint64_t offset_ = 0;
};

}  // namespace smile::cat
