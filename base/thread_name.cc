#include "base/thread_name.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <cerrno>
#include <cstdint>

#include "base/check.h"

namespace smile {
namespace {

// struct sched_attr of sched_setattr(2), in its first version: <linux/sched/types.h> cannot be
// included beside <pthread.h>.
struct SchedulingAttributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime_nanos;
  uint64_t deadline_nanos;
  uint64_t period_nanos;
};
static_assert(sizeof(SchedulingAttributes) == 48, "SCHED_ATTR_SIZE_VER0");

}  // namespace

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

// Before 6.12, Linux ignores the runtime of a thread that has no deadline.
void SetTimeSliceOfThisThread(uint64_t nanos) {
  CHECK(nanos >= kLeastTimeSliceNanos, "the kernel would refuse it");
  SchedulingAttributes attributes{};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) != 0) return;
  attributes.runtime_nanos = nanos;
  (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

void LetOtherThreadsRun(int64_t nanos) {
  static thread_local int64_t used_then = 0;
  timespec time = {};
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  const int64_t used = int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  if (used - used_then < nanos) return;
  (void)sched_yield();
  used_then = used;
}

}  // namespace smile
