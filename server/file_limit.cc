#include "server/file_limit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

namespace smile {

uint64_t RaiseFileLimit(uint64_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;  // accept() will fail instead
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  const rlim_t raised = std::min<rlim_t>(wanted, limit.rlim_max);
  const rlimit better{.rlim_cur = raised, .rlim_max = limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &better) == 0 ? raised : limit.rlim_cur;
}

// The table does not shrink when the descriptor is closed.
void GrowFileTable(uint64_t descriptors) {
  const uint64_t last = std::min<uint64_t>(descriptors, INT_MAX) - 1;
  const int highest = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, static_cast<int>(last));
  if (highest >= 0) close(highest);
}

}  // namespace smile
