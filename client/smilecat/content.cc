#include "client/smilecat/content.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "client/smilecat/input_file.h"

namespace smile::cat {
namespace {

// Larger content is cut off one byte over the limit.
Result<Bytes> ReadUpTo(InputFile* file, size_t max_bytes) {
  Bytes content;
  while (content.size() <= max_bytes) {
    SMILE_ASSIGN(const ByteView block, file->ReadBlock());
    if (block.empty()) break;
    content.append(block);
  }
  return content;
}

}  // namespace

Result<Bytes> ReadContent(const std::string& path) {
  SMILE_ASSIGN(const std::unique_ptr<InputFile> file, InputFile::Open(path));
  SMILE_ASSIGN(Bytes content, ReadUpTo(file.get(), limits::kMaxFrameBytes));
  if (content.size() <= limits::kMaxFrameBytes) return content;
  return Status(Code::kTooLarge, fmt::format("{} is larger than a frame ({} bytes)", file->name(),
                                             limits::kMaxFrameBytes));
}

Result<Bytes> ReadValue(const std::string& path) {
  SMILE_ASSIGN(const std::unique_ptr<InputFile> file, InputFile::Open(path));
  SMILE_ASSIGN(Bytes content, ReadUpTo(file.get(), limits::kMaxValueBytes));
  if (content.size() <= limits::kMaxValueBytes) return content;
  const std::string size =
      file->size().has_value() ? fmt::format("has {} bytes", *file->size()) : "is too large";
  return Status(Code::kTooLarge,
                fmt::format("{} {}; a value has at most {} (1 MiB). Store larger content as media: "
                            "smilecat media put FILE --owner N",
                            file->name(), size, limits::kMaxValueBytes));
}

}  // namespace smile::cat
