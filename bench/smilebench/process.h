// What processes use of the machine.
#pragma once

#include <cstdint>
#include <optional>

namespace smile::bench {

// Seconds that all threads of this process have used, in user and kernel.
double OwnCpuSeconds();

// Seconds that the calling thread has used.
double OwnThreadCpuSeconds();

// What OwnCpuSeconds is, for a process of this machine, counted in ticks of the kernel (10 ms);
// nothing if there is no such process.
std::optional<double> CpuSecondsOf(int64_t pid);

// How much of its memory is in the machine's now; nothing if there is no such process.
std::optional<uint64_t> ResidentBytesOf(int64_t pid);

}  // namespace smile::bench
