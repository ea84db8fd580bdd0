#include "bench/smilebench/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace smile::bench {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

double OwnCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
}

double OwnThreadCpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::optional<double> CpuSecondsOf(int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The process's name stands in parentheses and may hold anything; utime and stime are the 12th
  // and 13th fields after it (proc(5)).
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  if (!(fields >> user >> system)) return std::nullopt;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

Status RequireProcess(int64_t pid) {
  if (CpuSecondsOf(pid).has_value()) return {};
  return {Code::kInvalid, "there is no process " + std::to_string(pid) + " here"};
}

std::optional<uint64_t> ResidentBytesOf(int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  uint64_t size = 0;  // both in pages
  uint64_t resident = 0;
  if (!(file >> size >> resident)) return std::nullopt;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<uint64_t> PeakResidentBytesOf(int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; file >> word;) {
    uint64_t kilobytes = 0;
    if (word == "VmHWM:" && file >> kilobytes) return kilobytes << 10;
  }
  return std::nullopt;
}

std::optional<ProcessUse> ProcessMeter::Read() const {
  const std::optional<double> cpu = CpuSecondsOf(pid_);
  const std::optional<uint64_t> resident = ResidentBytesOf(pid_);
  const std::optional<uint64_t> peak = PeakResidentBytesOf(pid_);
  if (!cpu_before_ || !cpu || !resident || !peak) return std::nullopt;
  return ProcessUse{*cpu - *cpu_before_, *resident, *peak};
}

}  // namespace smile::bench
