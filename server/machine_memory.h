// How much memory this process may have.
#pragma once

#include <cstdint>
#include <filesystem>

namespace smile {

// The machine's, or the least limit of the control groups (version 2 or 1) that the process is in,
// if that is less. `root`: where /proc and /sys are; not "/" in tests alone. 0 if it is not known.
uint64_t MemoryOfMachine(const std::filesystem::path& root = "/");

}  // namespace smile
