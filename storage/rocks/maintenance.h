// `smiled check DIR` and `smiled repair DIR`: work on a data directory that no smiled serves.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace smile {

// The exit status, if the arguments (without the program's name) are one of these commands.
std::optional<int> RunMaintenance(std::span<const char* const> arguments);

}  // namespace smile
