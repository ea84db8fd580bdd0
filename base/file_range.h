// A part of an open file, for those that send it without reading it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace smile {

struct FileRange {
  int descriptor = -1;
  uint64_t offset = 0;
  size_t size = 0;                    // the file has as many bytes there
  std::shared_ptr<const void> owner;  // keeps the descriptor open
};

}  // namespace smile
