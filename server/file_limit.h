// The process's limit of open files, which bounds its connections.
#pragma once

#include <cstdint>

namespace smile {

// Raises the soft limit towards `wanted` descriptors, as far as the hard limit allows. Answers what
// there is then. Before threads are made.
uint64_t RaiseFileLimit(uint64_t wanted);

}  // namespace smile
