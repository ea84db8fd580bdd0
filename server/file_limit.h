// The process's limit of open files, which limits its connections.
#pragma once

#include <cstdint>

namespace smile {

// Raises the soft limit to `wanted` descriptors, as far as the hard limit allows, and returns the
// resulting limit. Called before threads are created.
uint64_t RaiseFileLimit(uint64_t wanted);

// Makes the kernel's table of the process's descriptors large enough for `descriptors`. Otherwise
// it grows when they are opened, and while a process with several threads does that, Linux lets the
// thread wait for all processors (synchronize_rcu in fs/file.c): an event loop that accepts
// connections stood still for 9 to 18 ms, several times. This call may wait once. Called before
// connections are accepted, after RaiseFileLimit; descriptor 0 is open. If it fails, the table
// grows later.
void GrowFileTable(uint64_t descriptors);

}  // namespace smile
