// What processes use of the machine.
#pragma once

#include <cstdint>
#include <optional>

#include "base/status.h"

namespace smile::bench {

// Seconds that all threads of this process have used, in user and kernel.
double OwnCpuSeconds();

// Seconds that the calling thread has used.
double OwnThreadCpuSeconds();

// What OwnCpuSeconds is, for a process of this machine, counted in ticks of the kernel (10 ms);
// nothing if there is no such process.
std::optional<double> CpuSecondsOf(int64_t pid);

// kInvalid, with a message, if there is no such process.
Status RequireProcess(int64_t pid);

// How much of its memory is in the machine's now; nothing if there is no such process.
std::optional<uint64_t> ResidentBytesOf(int64_t pid);

// The most that it has been since the process began.
std::optional<uint64_t> PeakResidentBytesOf(int64_t pid);

// What a process used in some time.
struct ProcessUse {
  double cpu_seconds = 0;
  uint64_t resident_bytes = 0;  // at the end
  uint64_t peak_resident_bytes = 0;
};

// Measures it from now on.
class ProcessMeter {
 public:
  explicit ProcessMeter(int64_t pid) : pid_(pid), cpu_before_(CpuSecondsOf(pid)) {}

  // Until now; nothing if there is no such process, or no more.
  std::optional<ProcessUse> Read() const;

 private:
  const int64_t pid_;
  const std::optional<double> cpu_before_;
};

}  // namespace smile::bench
