// Reads the folder of `smilecat user export`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "base/clock.h"
#include "base/result.h"
#include "client/media/media.h"
#include "client/smilecat/dump_line.h"
#include "client/smilecat/row.h"
#include "client/smilecat/user_folder.h"
#include "client/smilecat/user_line.h"

namespace smile::cat {

// A line of one of its files.
struct UserRow {
  LineRange lines;
  Position next;  // after it
  uint64_t bytes = 0;
  std::variant<LoadedRecord, Media, UserLogin> content;
};

// A failure of any function is kInvalid, with a message that names the file, and the line if it is
// one that is wrong. What is in the folder has to be files: links are not followed, so that nothing
// outside of it is read.
class UserReader {
 public:
  // Reads user.json. The clock outlives the reader.
  static Result<UserReader> Open(std::string path, const Clock* clock);

  const UserManifest& manifest() const { return manifest_; }
  std::string PathOf(const std::string& name) const { return path_ + "/" + name; }
  // Of all files of lines, and of photos and videos.
  Result<uint64_t> Bytes() const;

  // Calls `take` for each line, whose own user is `user` then. A failure of `take` ends it.
  Status ForEachRow(UserPart part, uint64_t user,
                    const std::function<Status(UserRow row)>& take) const;

  // Likewise, and verifies that the file has the lines and the hash that user.json names.
  Status Verify(UserPart part, const std::function<Status(UserRow row)>& take) const;

  // Verifies size and SHA-256 of the content.
  Status VerifyContent(const Media& media) const;

 private:
  // Of a file whose name is relative to the folder.
  Status CheckIsFile(const std::string& name) const;

  UserReader(std::string path, const Clock* clock, UserManifest manifest)
      : path_(std::move(path)), clock_(clock), manifest_(std::move(manifest)) {}

  std::string path_;
  const Clock* clock_;
  UserManifest manifest_;
};

}  // namespace smile::cat
