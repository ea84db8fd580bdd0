// The permissions of a whole directory tree.
#pragma once

#include <cstdint>
#include <string>

namespace smile {

struct PrivateTree {
  uint64_t changed = 0;  // entries whose permissions for others were removed
  uint64_t failed = 0;   // that others may access, and where that cannot be changed
  // One of those that were changed, and one of those that were not, with the reason.
  std::string example;
  std::string failure;
};

// Removes the permissions of everybody but the owner from all files and directories below
// `directory`, and not from itself. Follows no symbolic links, and leaves those alone. Entries may
// come and go meanwhile. Takes the time of a stat() for each entry.
PrivateTree MakeTreePrivate(const std::string& directory);

}  // namespace smile
