// A file, or standard input, that is read from front to end in blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace smile::cat {

inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

class InputFile {
 public:
  // "-" is standard input. kInvalid, with a message, if it cannot be opened.
  static Result<std::unique_ptr<InputFile>> Open(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // For messages.
  const std::string& name() const { return name_; }

  // Bytes, if it is a regular file.
  std::optional<uint64_t> size() const { return size_; }

  // Goes on from this offset. kInvalid unless it is a regular file of at least that size.
  Status Seek(uint64_t offset);

  // `waiting` is called a few times per second while what is no regular file has nothing to read
  // yet. If it gives false, the read ends as kUnavailable.
  void SetWaiting(std::function<bool()> waiting) { waiting_ = std::move(waiting); }

  // The next bytes, valid until the next call; empty at the end.
  Result<ByteView> ReadBlock();

  // The same for the beginning of a file of text: a byte order mark of UTF-8 is all there if there
  // is one. kInvalid if the file is UTF-16.
  Result<ByteView> ReadFirstBlock();

 private:
  Status WaitForBytes() const;
  Result<size_t> ReadInto(size_t offset);

  InputFile(std::string name, int descriptor) : name_(std::move(name)), descriptor_(descriptor) {}

  const std::string name_;
  const int descriptor_;
  std::optional<uint64_t> size_;
  std::function<bool()> waiting_;
  Bytes block_;
};

}  // namespace smile::cat
