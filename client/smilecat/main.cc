// smilecat: talks to smiled. See --help.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/print.h"
#include "base/standard_streams.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/configuration.h"
#include "client/smilecat/line_runner.h"
#include "client/smilecat/options.h"
#include "client/smilecat/prompt.h"
#include "client/smilecat/tasks.h"

namespace smile::cat {
namespace {

ExitStatus RunInput(const CommandLine& line) {
  if (::isatty(STDIN_FILENO) == 1) {
    return RunPrompt({line.server, line.json, line.raw_times, line.show_secrets});
  }
  const Result<std::unique_ptr<InputFile>> input = InputFile::Open("-");
  if (input.ok()) {
    return RunLines({line.server, line.json, line.raw_times, line.show_secrets}, input->get(),
                    stdout);
  }
  return Complain(input.status().message(), ExitStatus::kFile);
}

ExitStatus Run(const CommandLine& line) {
  if (line.task == TaskKind::kLines) return RunInput(line);
  if (line.task != TaskKind::kRequest) return RunTask(line);
  return RunOneRequest(OneRequestOf(line), line.request);
}

// Whatever was to be printed: if a part of it is missing, the exit status tells.
ExitStatus CheckOutput(ExitStatus status) {
  // kFile: it was complained about.
  if (Printed(stdout) || status == ExitStatus::kFile) return status;
  return WorseOf(status, Complain("cannot write to standard output", ExitStatus::kFile));
}

}  // namespace
}  // namespace smile::cat

int main(int argc, char** argv) {
  smile::OpenStandardStreams();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto defaults = smile::cat::ReadDefaults();
  const auto line = smile::cat::ReadCommandLine(smile::TokensOf(arguments),
                                                defaults.ok() ? *defaults : smile::cat::Defaults());
  const auto* const saying = std::get_if<smile::cat::Saying>(&line);
  if (saying == nullptr && !defaults.ok()) {
    return static_cast<int>(
        smile::cat::Complain(defaults.status().message(), smile::cat::ExitStatus::kUsage));
  }
  return static_cast<int>(smile::cat::CheckOutput(
      saying != nullptr ? smile::cat::Say(*saying) : smile::cat::Run(std::get<0>(line))));
}
