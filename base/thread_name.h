// What the kernel is told of a thread: its name, for top -H, perf and debuggers, and its priority.
#pragma once

namespace smile {

// Names the calling thread. Up to 15 bytes: what the kernel keeps.
void NameThisThread(const char* name);

// Raises the calling thread's nice value by so much: it gets the processor after those of the
// process that did not. Where the kernel does not allow that, nothing changes.
void LowerPriorityOfThisThread(int by);

}  // namespace smile
