#include "server/file_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace smile {

uint64_t RaiseFileLimit(uint64_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;  // accept() will fail instead
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  const rlim_t raised = std::min<rlim_t>(wanted, limit.rlim_max);
  const rlimit better{.rlim_cur = raised, .rlim_max = limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &better) == 0 ? raised : limit.rlim_cur;
}

}  // namespace smile
