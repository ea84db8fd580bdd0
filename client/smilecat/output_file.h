// A file that appears whole or not at all: it is written beside its name, synced, then renamed.
// What is there already and is no file, such as a pipe or /dev/null, is written to as it is; behind
// a symbolic link its target is what counts.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace smile::cat {

class OutputFile {
 public:
  // kInvalid, in words, if it cannot be made.
  static Result<std::unique_ptr<OutputFile>> Create(const std::string& path);

  // Without Commit() nothing is left of it.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // kInvalid, in words, if the disk refuses; as Commit().
  Status Write(ByteView bytes);

  // Flushes, syncs, and gives the file its name; then syncs the directory.
  Status Commit();

 private:
  OutputFile(std::string path, std::string beside, std::FILE* file)
      : path_(std::move(path)), beside_(std::move(beside)), file_(file) {}
  Status Failed(const char* what) const;

  const std::string path_;
  const std::string beside_;  // empty: written to as it is
  std::FILE* file_;           // null once committed
};

// The whole of it in one go.
Status ReplaceFile(const std::string& path, ByteView bytes);

}  // namespace smile::cat
