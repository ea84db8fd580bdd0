#include "base/thread_name.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cerrno>

#include "base/check.h"

namespace smile {

void NameThisThread(const char* name) {
  CHECK(pthread_setname_np(pthread_self(), name) == 0, "a thread's name has at most 15 bytes");
}

// On Linux, priorities are per thread: a thread id is accepted for a process id.
void LowerPriorityOfThisThread(int by) {
  CHECK(by >= 0, "lowering only: raising needs a privilege");
  const auto self = static_cast<id_t>(gettid());
  errno = 0;
  const int now = getpriority(PRIO_PROCESS, self);
  if (errno == 0) (void)setpriority(PRIO_PROCESS, self, now + by);
}

}  // namespace smile
