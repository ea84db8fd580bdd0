// The file of `-o FILE`, whose new content becomes visible when it is complete.
//
// A new file gets its name when it is complete, and can be read by its owner only unless the caller
// wants it otherwise. An existing one keeps its mode and owner: it is
// replaced in one step where that changes nothing else, and is overwritten with the complete
// content, as cp does, if it has other hard links, extended attributes or an owner that we cannot
// assign. As with cp, pipes, devices, and files in a directory that cannot be written to are
// written to directly. A symbolic link stays, and its target is written, also if it does not exist
// yet. A path to a descriptor of this process (/dev/stdout, /dev/fd/3) is that descriptor.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "client/smilecat/side_file.h"

namespace smile::cat {

class OutputFile {
 public:
  // `access` is that of a new file. kInvalid with a message that names the file if it cannot be
  // written. Opening a pipe waits for its reader.
  static Result<std::unique_ptr<OutputFile>> Create(const std::string& path,
                                                    FileAccess access = FileAccess::kOwner);

  // Without Commit() nothing remains of it, unless it is written to directly.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // kInvalid with a message that names the file if the system fails; so does Commit().
  Status Write(ByteView bytes);

  // Makes the content that of the file, durably.
  Status Commit();

  // Removes an incomplete file. Any thread, before the process ends.
  void Remove() const;

  // Writes all of the content. Signals that would leave a part of it are held: call it while no
  // other thread exists that could take one.
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
  const int there_;                       // descriptor of the existing file; -1: none
  const std::unique_ptr<SideFile> side_;  // null: written to directly
  bool begun_ = false;                    // old content of there_ is gone, or is to stay
  Bytes buffer_;
};

}  // namespace smile::cat
