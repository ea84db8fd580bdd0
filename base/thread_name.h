// Name (for top -H, perf and debuggers) and priority of threads.
#pragma once

#include <cstdint>

namespace smile {

// Names the calling thread. At most 15 bytes, the kernel's limit.
void NameThisThread(const char* name);

// Raises the calling thread's nice value, so that other threads of the process run first. Does
// nothing if the kernel does not allow it.
void LowerPriorityOfThisThread(int by);

// Linux has no shorter one.
inline constexpr uint64_t kLeastTimeSliceNanos = 100'000;

// Sets the calling thread's time slice, of at least kLeastTimeSliceNanos (CHECK). When a thread
// wakes up, it preempts threads with a longer one, as long as it has not used up its share of the
// processor. Where the kernel does not allow that (Linux before 6.12), nothing changes.
void SetTimeSliceOfThisThread(uint64_t nanos);

// To be called often by a thread that computes: other threads that are ready run first, unless it
// has used less than `nanos` of processor time since it last let them. It gives up its time slice,
// so it needs a short one.
void LetOtherThreadsRun(int64_t nanos);

}  // namespace smile
