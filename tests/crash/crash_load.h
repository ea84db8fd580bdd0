// The load of the crash test: all chains of a WriteHistory, concurrently, against one server.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "tests/crash/write_history.h"

namespace smile {

// Runs the chains until `enough` steps were acknowledged (or `patience` is over), then calls
// `crash`, which kills the server, and waits until every chain has seen its connection fail.
void RunUntilCrash(uint16_t port, uint64_t enough, std::chrono::milliseconds patience,
                   WriteHistory* history, const std::function<void()>& crash);

// Reads the stored steps of all chains.
std::vector<StoredSteps> ReadStored(uint16_t port, size_t chains);

}  // namespace smile
