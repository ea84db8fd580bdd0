// Name (for top -H, perf and debuggers) and priority of threads.
#pragma once

namespace smile {

// Names the calling thread. At most 15 bytes, the kernel's limit.
void NameThisThread(const char* name);

// Raises the calling thread's nice value, so that other threads of the process run first. Does
// nothing if the kernel does not allow it.
void LowerPriorityOfThisThread(int by);

}  // namespace smile
