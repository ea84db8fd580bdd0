// The load of the crash test: the chains of a WriteHistory, all at once, against one server.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "tests/crash/write_history.h"

namespace smile {

// Runs the chains until `enough` steps were acknowledged (or `patience` is over), then calls
// `crash`, which ends the server, and waits until every chain has noticed.
void RunUntilCrash(uint16_t port, uint64_t enough, std::chrono::milliseconds patience,
                   WriteHistory* history, const std::function<void()>& crash);

// Reads what is there of all chains.
std::vector<StoredSteps> ReadStored(uint16_t port, size_t chains);

}  // namespace smile
