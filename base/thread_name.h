// Name (for top -H, perf and debuggers) and priority of threads.
#pragma once

namespace smile {

// Names the calling thread. At most 15 bytes, the kernel's limit.
void NameThisThread(const char* name);

// Raises the calling thread's nice value, so that other threads of the process run first. Does
// nothing if the kernel does not allow it.
void LowerPriorityOfThisThread(int by);

// Asks for the shortest time slice that Linux has, 0.1 ms: when the calling thread wakes up, it
// preempts threads with a longer one, as long as it has not used up its share of the processor.
// Where the kernel does not allow that (Linux before 6.12), nothing changes.
void ShortenTimeSliceOfThisThread();

// The calling thread has done work for long enough: threads that are ready and have a higher
// priority run first.
void LetOtherThreadsRun();

}  // namespace smile
