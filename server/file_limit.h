// The process's limit of open files, which limits its connections.
#pragma once

#include <cstdint>

namespace smile {

// Raises the soft limit to `wanted` descriptors, as far as the hard limit allows, and returns the
// resulting limit. Called before threads are created.
uint64_t RaiseFileLimit(uint64_t wanted);

}  // namespace smile
