// The commands `smiled check DIR` and `smiled repair DIR`, for a data directory that no smiled
// serves.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace smile {

// Runs the command and returns the exit status, if the arguments (without the program's name) are
// one of these commands; else nothing.
std::optional<int> RunMaintenance(std::span<const char* const> arguments);

}  // namespace smile
