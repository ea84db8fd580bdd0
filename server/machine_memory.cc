#include "server/machine_memory.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace smile {
namespace {

constexpr uint64_t kUnlimited = UINT64_MAX;

// "max" and a missing file mean no limit.
uint64_t NumberIn(const std::filesystem::path& file) {
  std::ifstream in(file);
  uint64_t number = 0;
  return in >> number ? number : kUnlimited;
}

// The lowest limit of the group and its parents. In a container the path may be one of the host,
// which is not visible: then the process's group is at `base`.
uint64_t LeastUpwards(const std::filesystem::path& base, std::filesystem::path group,
                      const char* file) {
  uint64_t least = NumberIn(base / file);
  for (group = group.relative_path(); !group.empty(); group = group.parent_path()) {
    least = std::min(least, NumberIn(base / group / file));
  }
  return least;
}

uint64_t LimitOfGroups(const std::filesystem::path& root) {
  const std::filesystem::path groups = root / "sys/fs/cgroup";
  uint64_t least = kUnlimited;
  std::ifstream in(root / "proc/self/cgroup");
  // "0::/a/b" of version 2, "4:memory:/a/b" of version 1.
  for (std::string line; std::getline(in, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (names == ",,") least = std::min(least, LeastUpwards(groups, group, "memory.max"));
    if (names.find(",memory,") != std::string::npos) {
      least = std::min(least, LeastUpwards(groups / "memory", group, "memory.limit_in_bytes"));
    }
  }
  return least;
}

uint64_t MemoryTotal(const std::filesystem::path& root) {
  std::ifstream in(root / "proc/meminfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    uint64_t kib = 0;
    if (words >> name >> kib && name == "MemTotal:") return kib << 10;
  }
  return 0;
}

}  // namespace

uint64_t MemoryOfMachine(const std::filesystem::path& root) {
  const uint64_t limit = LimitOfGroups(root);
  const uint64_t total = MemoryTotal(root);
  if (total == 0) return limit == kUnlimited ? 0 : limit;
  return std::min(total, limit);
}

}  // namespace smile
