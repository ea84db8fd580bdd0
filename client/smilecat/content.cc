#include "client/smilecat/content.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "client/smilecat/input_file.h"

namespace smile::cat {

Result<Bytes> ReadContent(const std::string& path) {
  SMILE_ASSIGN(const std::unique_ptr<InputFile> file, InputFile::Open(path));
  Bytes content;
  while (true) {
    SMILE_ASSIGN(const ByteView block, file->ReadBlock());
    if (block.empty()) return content;
    content.append(block);
    if (content.size() > limits::kMaxFrameBytes) {
      return Status(Code::kTooLarge, fmt::format("{} has over {} bytes: more than a request takes",
                                                 file->name(), limits::kMaxFrameBytes));
    }
  }
}

}  // namespace smile::cat
