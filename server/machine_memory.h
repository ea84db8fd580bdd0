// The memory available to this process.
#pragma once

#include <cstdint>
#include <filesystem>

namespace smile {

// The machine's memory, or the lowest limit of the process's control groups (version 2 or 1) if
// that is less; 0 if unknown. `root`: the parent of /proc and /sys; other than "/" only in tests.
uint64_t MemoryOfMachine(const std::filesystem::path& root = "/");

}  // namespace smile
