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

// Partitions of which records were removed, or may have been.
struct RemovedRecords {
  std::vector<PartitionRange> links;
  std::vector<PartitionRange> accounts;

  bool empty() const { return links.empty() && accounts.empty(); }
};

// Restores in the data directory what can be derived from other records; returns what it did, in
// lines. Locks the directory itself.
using RestoreRecords =
    std::function<Result<std::string>(const std::string& directory, const RemovedRecords& removed)>;

// Runs the command and returns the exit status, if the arguments (without the program's name) are
// one of these commands; else nothing.
std::optional<int> RunMaintenance(std::span<const char* const> arguments,
                                  const RestoreRecords& restore);

}  // namespace smile
