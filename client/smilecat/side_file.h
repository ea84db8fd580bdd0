// A file that is written before it gets its name. Where the file system can (O_TMPFILE) it has no
// name until then, so that nothing is left of it however the process ends; else it has the name
// "PATH.PID.tmp", and is removed by the destructor or Remove().
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace smile::cat {

// Who may read a file that smilecat creates. kOwner: mode 0600, for what is a secret in the data
// directory too. kUsual: what the umask leaves of 0666.
enum class FileAccess : uint8_t { kOwner, kUsual };

class SideFile {
 public:
  enum class Kind : uint8_t { kUnnamedIfPossible, kNamed };

  // In the directory of `path`. Follows and opens nothing that is there under its own name.
  // kInvalid with the system's message if that cannot be.
  static Result<std::unique_ptr<SideFile>> Create(const std::string& path,
                                                  FileAccess access = FileAccess::kOwner,
                                                  Kind kind = Kind::kUnnamedIfPossible);
  ~SideFile();
  SideFile(const SideFile&) = delete;
  SideFile& operator=(const SideFile&) = delete;

  int descriptor() const { return descriptor_; }

  // Gives it the name `path`, durably once the file is synced. kInvalid with the system's message;
  // LinkAs() also if there is something of this name.
  Status LinkAs(const std::string& path);
  Status ReplaceAs(const std::string& path);

  // Nothing is left of it unless it got its name. Any thread.
  void Remove() const;

 private:
  SideFile(int descriptor, std::string name, bool named)
      : descriptor_(descriptor), name_(std::move(name)), named_(named) {}
  int Link(const std::string& path) const;

  const int descriptor_;
  const std::string name_;   // its own until it gets the one it is for
  std::atomic<bool> named_;  // name_ is there
};

// All of it, from the descriptor's position on. kInvalid with the system's message.
Status WriteAll(int descriptor, ByteView bytes);

// A new name is durable when its directory is. Some file systems cannot sync one: then it is not,
// and nothing can be done about it.
void SyncDirectoryOf(const std::string& path);

// What the system said, of errno.
Status SystemError();

}  // namespace smile::cat
