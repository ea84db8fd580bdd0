// The content of the file WATERMARK: up to which sequence number writes were acknowledged, the
// epoch of versions, and the identity of the file itself. storage/FORMAT.md specifies the line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/rocks/epoch.h"

namespace smile {

// Distinguishes a file from a copy of it. All zero matches no file.
struct FileIdentity {
  uint64_t inode = 0;
  uint64_t born_nanos = 0;  // birth time; 0 if the file system does not record it

  bool operator==(const FileIdentity&) const = default;
};

// All zero if the file is missing or has more than one hard link: it may then be part of a copy
// that was made with hard links.
FileIdentity IdentityOf(const std::string& path);

struct Watermark {
  uint64_t sequence = 0;
  Epoch epoch;
  FileIdentity written_as;

  // The line with its checksum and newline.
  std::string ToLine() const;
  // Parses any bytes. kCorrupt if they are not such a line.
  static Result<Watermark> Parse(std::string_view line);
};

}  // namespace smile
