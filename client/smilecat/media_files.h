// The files that `smilecat media put` sends.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/media/byte_source.h"

namespace smile::cat {

struct MediaFile {
  std::string path;              // "-": standard input
  std::string name;              // of the media record
  std::optional<uint64_t> size;  // if it is a regular file
};

struct MediaFileHooks {
  std::function<void(const std::string&)> complain;  // about what cannot be read and is left out
  std::function<void(const std::string&)> note;      // about what is left out as it is no file
};

// Files, "-", and the regular files in folders, in the order of their names. Links in folders are
// not followed.
std::vector<MediaFile> FindMediaFiles(const std::vector<std::string>& items,
                                      const MediaFileHooks& hooks);

// An open file, as a source.
class MediaInput {
 public:
  // kInvalid with a message. `stopped` ends waiting for a pipe.
  static Result<std::unique_ptr<MediaInput>> Open(const std::string& path,
                                                  std::function<bool()> stopped);
  ~MediaInput();
  MediaInput(const MediaInput&) = delete;
  MediaInput& operator=(const MediaInput&) = delete;

  ByteSource* source() { return source_.get(); }
  // Of a regular file.
  std::optional<uint64_t> size() const { return size_; }
  int64_t mtime_ns() const { return mtime_ns_; }

 private:
  MediaInput() = default;

  int descriptor_ = -1;
  std::optional<uint64_t> size_;
  int64_t mtime_ns_ = 0;
  std::unique_ptr<ByteSource> source_;
};

}  // namespace smile::cat
