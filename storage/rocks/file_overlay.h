// Bytes that are read instead of those of a file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"

namespace smile {

struct FileOverlay {
  uint64_t offset;
  ByteView bytes;
};

// Replaces what they cover of `size` bytes at `read`, which were read at `offset`.
inline void ApplyOverlays(const std::vector<FileOverlay>& overlays, uint64_t offset, size_t size,
                          char* read) {
  for (const FileOverlay& overlay : overlays) {
    const uint64_t begin = std::max(offset, overlay.offset);
    const uint64_t end = std::min(offset + size, overlay.offset + overlay.bytes.size());
    if (begin >= end) continue;
    CHECK(end - offset <= size && end - overlay.offset <= overlay.bytes.size());
    std::copy_n(overlay.bytes.data() + (begin - overlay.offset), end - begin,
                read + (begin - offset));
  }
}

}  // namespace smile
