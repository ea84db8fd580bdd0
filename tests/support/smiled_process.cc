#include "tests/support/smiled_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "base/check.h"

extern char** environ;

namespace smile {
namespace {

// "smiled listens on 127.0.0.1:40123", followed by other lines.
uint16_t ReadPort(int from) {
  std::string line;
  for (char byte = 0; read(from, &byte, 1) == 1 && byte != '\n';) line.push_back(byte);
  const size_t colon = line.rfind(':');
  CHECK(line.starts_with("smiled listens on ") && colon != std::string::npos,
        "smiled did not start; what it said is above");
  return static_cast<uint16_t>(std::stoi(line.substr(colon + 1)));
}

}  // namespace

SmiledProcess::SmiledProcess(const std::string& program, const std::string& data,
                             const std::vector<std::string>& more_arguments) {
  std::vector<std::string> arguments = {program, "--listen",    "127.0.0.1:0", "--data",
                                        data,    "--log-level", "error"};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  int ends[2];
  CHECK(pipe2(ends, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  CHECK(posix_spawn(&pid_, program.c_str(), &actions, nullptr, pointers.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  port_ = ReadPort(ends[0]);
  close(ends[0]);
}

SmiledProcess::~SmiledProcess() {
  Kill();
}

void SmiledProcess::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  Wait();
}

int SmiledProcess::Stop() {
  CHECK(pid_ > 0);
  kill(pid_, SIGTERM);
  return Wait();
}

int SmiledProcess::Wait() {
  int status = 0;
  CHECK(waitpid(pid_, &status, 0) == pid_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace smile
