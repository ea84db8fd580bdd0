#include "storage/rocks/watermark.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <charconv>

#include "base/clock.h"
#include "base/hash.h"

namespace smile {

FileIdentity IdentityOf(const std::string& path) {
  struct statx found = {};
  constexpr unsigned kWanted = STATX_INO | STATX_NLINK | STATX_BTIME;
  if (statx(AT_FDCWD, path.c_str(), 0, kWanted, &found) != 0 || found.stx_nlink != 1) return {};
  const bool born = (found.stx_mask & STATX_BTIME) != 0;
  return {.inode = found.stx_ino,
          .born_nanos = born ? static_cast<uint64_t>(found.stx_btime.tv_sec) * kNanosPerSecond +
                                   found.stx_btime.tv_nsec
                             : 0};
}

std::string Watermark::ToLine() const {
  const std::string numbers =
      fmt::format("{} {} {} {} {}", sequence, epoch.began_ms, epoch.base_sequence, written_as.inode,
                  written_as.born_nanos);
  return fmt::format("{} {:016x}\n", numbers, Hash64(numbers));
}

Result<Watermark> Watermark::Parse(std::string_view line) {
  Watermark read;
  const std::array to = {&read.sequence, &read.epoch.began_ms, &read.epoch.base_sequence,
                         &read.written_as.inode, &read.written_as.born_nanos};
  const char* at = line.data();
  const char* const end = at + line.size();
  for (uint64_t* number : to) {
    at = std::from_chars(at, end, *number).ptr;
    if (at != end) ++at;
  }
  // Formatted again it must be the same, including the checksum.
  if (read.ToLine() != line || read.epoch.began_ms >= Epoch::kMaxBeganMillis ||
      read.epoch.base_sequence > read.sequence) {
    return Status(Code::kCorrupt, "the line does not match its checksum or format");
  }
  return read;
}

}  // namespace smile
