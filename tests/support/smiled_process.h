// A real smiled in a process of its own, for tests of the whole thing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace smile {

class SmiledProcess {
 public:
  // Starts it on a free port of the loopback and waits until it listens. A CHECK if it does not.
  SmiledProcess(const std::string& program, const std::string& data,
                const std::vector<std::string>& more_arguments = {});
  // Kills it if it still runs.
  ~SmiledProcess();
  SmiledProcess(const SmiledProcess&) = delete;
  SmiledProcess& operator=(const SmiledProcess&) = delete;

  uint16_t port() const { return port_; }

  // Ends it as a power switch ends a program: nothing is flushed.
  void Kill();
  // Ends it with SIGTERM; answers its exit status.
  int Stop();

 private:
  int Wait();

  pid_t pid_ = -1;
  uint16_t port_ = 0;
};

}  // namespace smile
