// For tests: the priority of threads.
#pragma once

#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace smile {

// The nice values of this process' threads whose names start so; none: there is no such thread.
inline std::set<int> NicenessOf(const std::string& name) {
  std::set<int> found;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string comm;
    std::getline(std::ifstream(task.path() / "comm"), comm);
    if (!comm.starts_with(name)) continue;
    found.insert(getpriority(PRIO_PROCESS, static_cast<id_t>(std::stoul(task.path().filename()))));
  }
  return found;
}

}  // namespace smile
