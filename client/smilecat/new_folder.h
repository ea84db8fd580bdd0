// A folder that becomes visible when it is complete. Until then its name is "PATH.PID.tmp"; a
// process that is killed leaves that.
//
// What is in it may be private: only its owner can read it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/sha256.h"

namespace smile::cat {

class NewFolder {
 public:
  // kInvalid, with a message that names the path, if there is anything but an empty folder, or the
  // system fails.
  static Result<std::unique_ptr<NewFolder>> Create(const std::string& path);
  // Without Commit() nothing remains of it.
  ~NewFolder();
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  // A folder in it. kInvalid with a message.
  Status MakeFolder(const std::string& name) const;
  // Of a file or folder in it.
  std::string PathOf(const std::string& name) const { return temporary_ + "/" + name; }

  // Gives it its name, durably if its files are synced. kInvalid with a message.
  Status Commit();

  // Removes it unless it has its name. Any thread, before the process ends.
  void Remove() const;

 private:
  NewFolder(std::string path, std::string temporary)
      : path_(std::move(path)), temporary_(std::move(temporary)) {}

  const std::string path_;
  const std::string temporary_;
  std::atomic<bool> committed_ = false;
};

// A new file in such a folder.
class NewFile {
 public:
  // kInvalid, with a message that names the file; so do the others.
  static Result<std::unique_ptr<NewFile>> Create(const std::string& path);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  Status Write(ByteView bytes);
  // For who writes to it directly.
  int descriptor() const { return descriptor_; }
  // Makes the content durable.
  Status Finish();

  // Of what Write() wrote.
  Sha256Digest digest() const { return hash_.Digest(); }

 private:
  NewFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  Status Flush();

  const std::string path_;
  const int descriptor_;
  Bytes buffer_;
  Sha256 hash_;
};

}  // namespace smile::cat
