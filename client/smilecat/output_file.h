// Where `-o FILE` goes: a file whose new content appears when it is whole.
//
// A file that is not there yet gets its name when it is whole. One that is there keeps its mode and
// owner: it is replaced in one step where that changes nothing else, and is overwritten with the
// whole content, as cp does, if it has other hard links, extended attributes or an owner whom we
// cannot give it. As with cp, what is no file (a pipe, a device) and a file in a directory that
// cannot be written to are written to directly. A symbolic link stays, its target is written.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "client/smilecat/side_file.h"

namespace smile::cat {

class OutputFile {
 public:
  // kInvalid, in words that name the file, if it cannot be written. Opening a pipe waits for its
  // reader.
  static Result<std::unique_ptr<OutputFile>> Create(const std::string& path);

  // Without Commit() nothing is left of it, unless it is written to directly.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // kInvalid, in words that name the file, if the system refuses; as Commit().
  Status Write(ByteView bytes);

  // Makes the content that of the file, durably.
  Status Commit();

  // Removes what is not whole. Any thread, before the process ends.
  void Remove() const;

  // All of the content in one go. Signals that would leave a part of it wait: call it when no other
  // thread is there that could take one.
  static Status WriteWhole(const std::string& path, ByteView bytes);

 private:
  OutputFile(std::string path, std::string target, int there, std::unique_ptr<SideFile> side)
      : path_(std::move(path)), target_(std::move(target)), there_(there), side_(std::move(side)) {}
  Status Flush();
  Status Publish();
  Status Overwrite();
  bool TakeAttributes() const;
  Status Named(const Status& status) const;

  const std::string path_;                // as given, for messages
  const std::string target_;              // of a symbolic link
  const int there_;                       // descriptor of what is there already; -1: nothing
  const std::unique_ptr<SideFile> side_;  // null: written to directly
  bool begun_ = false;                    // some of it is written
  Bytes buffer_;
};

}  // namespace smile::cat
