// The commands `smiled check DIR` and `smiled repair DIR`, for a data directory that no smiled
// serves.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/rocks/repair.h"

namespace smile {

// Restores the links in the data directory of users of whom records were removed, from what is left
// of them; returns what it did, as a sentence. Locks the directory itself.
using RestoreLinks = std::function<Result<std::string>(const std::string& directory,
                                                       std::vector<PartitionRange> of)>;

// Runs the command and returns the exit status, if the arguments (without the program's name) are
// one of these commands; else nothing.
std::optional<int> RunMaintenance(std::span<const char* const> arguments,
                                  const RestoreLinks& restore_links);

}  // namespace smile
