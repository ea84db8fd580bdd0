#include "base/thread_name.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cerrno>

#include "base/check.h"

namespace smile {

void NameThisThread(const char* name) {
  CHECK(pthread_setname_np(pthread_self(), name) == 0, "a thread's name has up to 15 bytes");
}

// Linux takes a thread's id where POSIX has a process.
void LowerPriorityOfThisThread(int by) {
  const auto self = static_cast<id_t>(gettid());
  errno = 0;
  const int now = getpriority(PRIO_PROCESS, self);
  if (errno == 0) (void)setpriority(PRIO_PROCESS, self, now + by);
}

}  // namespace smile
