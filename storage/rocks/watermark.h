// What stands in the file WATERMARK: up to where writes were acknowledged, in which epoch versions
// are given, and which file that was written into. storage/FORMAT.md has the line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/rocks/epoch.h"

namespace smile {

// Tells a file from a copy of it. All zero matches no file.
struct FileIdentity {
  uint64_t inode = 0;
  uint64_t born_nanos = 0;  // 0 where the file system does not know

  bool operator==(const FileIdentity&) const = default;
};

// All zero if the file is missing, or has more than one name: it may be part of a copy then that
// was made of hard links.
FileIdentity IdentityOf(const std::string& path);

struct Watermark {
  uint64_t sequence = 0;
  Epoch epoch;
  FileIdentity written_as;

  // With a checksum, and a newline.
  std::string ToLine() const;
  // kCorrupt if it is not such a line.
  static Result<Watermark> Parse(std::string_view line);
};

}  // namespace smile
