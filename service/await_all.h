// Waits for tasks that run at the same time.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace smile {

// When all have ended. The first failure, if any.
Task<Status> AwaitAll(std::vector<Task<Status>> tasks);
// The same: how many were true.
Task<Result<uint64_t>> CountAll(std::vector<Task<Result<bool>>> tasks);

}  // namespace smile
