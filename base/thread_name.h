// What the kernel is told of a thread: its name, for top -H, perf and debuggers, and its priority.
#pragma once

#include <cstdint>

namespace smile {

// Names the calling thread. Up to 15 bytes: what the kernel keeps.
void NameThisThread(const char* name);

// Raises the calling thread's nice value by so much: it gets the processor after those of the
// process that did not. Where the kernel does not allow that, nothing changes.
void LowerPriorityOfThisThread(int by);

// Asks for a shorter time slice: when the calling thread wakes up, it preempts threads with a
// longer one, as long as it has not used up its share of the processor. Where the kernel does not
// allow that (Linux before 6.12), nothing changes.
void ShortenTimeSliceOfThisThread(int64_t nanos);

}  // namespace smile
