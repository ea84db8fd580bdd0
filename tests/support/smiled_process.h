// A smiled process, for end-to-end tests.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace smile {

class SmiledProcess {
 public:
  // Starts it on a free port of loopback and waits until it listens. A CHECK fails if it does not.
  SmiledProcess(const std::string& program, const std::string& data,
                const std::vector<std::string>& more_arguments = {});
  // Kills it if it is still running.
  ~SmiledProcess();
  SmiledProcess(const SmiledProcess&) = delete;
  SmiledProcess& operator=(const SmiledProcess&) = delete;

  uint16_t port() const { return port_; }

  // SIGKILL: nothing is flushed.
  void Kill();
  // SIGTERM; returns its exit status.
  int Stop();

 private:
  int Wait();

  pid_t pid_ = -1;
  uint16_t port_ = 0;
};

}  // namespace smile
