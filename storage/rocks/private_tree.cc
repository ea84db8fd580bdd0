#include "storage/rocks/private_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/check.h"

namespace smile {
namespace {

constexpr mode_t kOthers = 0077;
constexpr mode_t kKept = 07700;

// Opens an entry, and nothing else that somebody put in its place. -1: see errno.
int OpenEntry(int parent, const char* name, bool is_directory) {
  return openat(
      parent, name,
      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (is_directory ? O_DIRECTORY : O_NOCTTY));
}

class Walk {
 public:
  // `descriptor` is taken.
  void Go(int descriptor, const std::string& path);
  PrivateTree& found() { return found_; }

 private:
  void Visit(int parent, const char* name, const std::string& path);
  void Fail(const std::string& path, int error);

  PrivateTree found_;
};

void Walk::Fail(const std::string& path, int error) {
  if (error == ENOENT) return;  // gone in the meantime
  if (found_.failed++ == 0) found_.failure = path + ": " + std::generic_category().message(error);
}

void Walk::Go(int descriptor, const std::string& path) {
  DIR* const directory = fdopendir(descriptor);
  CHECK(directory != nullptr, "it is a directory");
  for (const dirent* entry = readdir(directory); entry != nullptr; entry = readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && entry->d_type != DT_LNK) {
      Visit(dirfd(directory), entry->d_name, path + "/" + entry->d_name);
    }
  }
  closedir(directory);
}

void Walk::Visit(int parent, const char* name, const std::string& path) {
  struct stat info = {};
  if (fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return Fail(path, errno);
  const bool is_directory = S_ISDIR(info.st_mode);
  const bool is_loose = (info.st_mode & kOthers) != 0;
  if (!is_directory && !(S_ISREG(info.st_mode) && is_loose)) return;
  const int entry = OpenEntry(parent, name, is_directory);
  if (entry < 0) {
    if (is_loose) Fail(path, errno);
    return;
  }
  if (is_loose && fchmod(entry, info.st_mode & kKept) != 0) {
    Fail(path, errno);
  } else if (is_loose && found_.changed++ == 0) {
    found_.example = path;
  }
  if (is_directory) {
    Go(entry, path);
  } else {
    close(entry);
  }
}

}  // namespace

PrivateTree MakeTreePrivate(const std::string& directory) {
  Walk walk;
  const int descriptor = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) walk.Go(descriptor, directory);
  return walk.found();
}

}  // namespace smile
