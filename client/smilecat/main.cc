// smilecat: talks to smiled. See --help.
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/standard_streams.h"
#include "client/smilecat/inspect.h"
#include "client/smilecat/line_runner.h"
#include "client/smilecat/one_request.h"
#include "client/smilecat/options.h"
#include "client/smilecat/prompt.h"

namespace smile::cat {
namespace {

ExitStatus RunInput(const CommandLine& line) {
  if (::isatty(STDIN_FILENO) == 1) return RunPrompt({line.server, line.json});
  const Result<std::unique_ptr<InputFile>> input = InputFile::Open("-");
  if (input.ok()) return RunLines({line.server, line.json}, input->get(), stdout);
  fmt::print(stderr, "smilecat: {}\n", input.status().words());
  return ExitStatus::kFile;
}

ExitStatus Run(const CommandLine& line) {
  switch (line.task) {
    case Task::kRequest:
      return RunOneRequest({line.server, line.json, line.output_file}, line.request);
    case Task::kLines:
      return RunInput(line);
    case Task::kSendHex:
      return RunSendHex(line.send_hex);
    case Task::kListen:
      return RunSniffer(line.listen, line.server.server);
    case Task::kDecode:
      return RunDecode(line.subject);
    case Task::kDescribe:
      fmt::print("{}",
                 line.subject.empty() ? DescribeOperations() : DescribeOperation(line.subject));
      return ExitStatus::kOk;
    case Task::kLoad:
      return RunLoad(line.load);
    case Task::kDump:
      break;
  }
  return RunDump(line.dump);
}

ExitStatus Say(const Saying& saying) {
  fmt::print(saying.status == ExitStatus::kOk ? stdout : stderr, "{}", saying.text);
  return saying.status;
}

}  // namespace
}  // namespace smile::cat

int main(int argc, char** argv) {
  smile::OpenStandardStreams();
  std::setlocale(LC_CTYPE, "");  // libedit reads UTF-8 by it
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto line = smile::cat::ReadCommandLine(smile::TokensOf(arguments), {});
  const auto* const saying = std::get_if<smile::cat::Saying>(&line);
  return static_cast<int>(saying != nullptr ? smile::cat::Say(*saying)
                                            : smile::cat::Run(std::get<0>(line)));
}
