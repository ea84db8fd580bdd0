// A part of the replies of a session that is given to its transport at once.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/file_range.h"
#include "base/memory_budget.h"

namespace smile {

struct OutputPiece {
  Bytes bytes;
  FileRange file;  // follows the bytes; empty if there is none

  size_t size() const { return bytes.size() + file.size; }
  // Beside the system's, which has the file.
  size_t memory() const { return MemoryOf(bytes); }
};

}  // namespace smile
