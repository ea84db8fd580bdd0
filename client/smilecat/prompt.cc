#include "client/smilecat/prompt.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/print.h"
#include "base/text.h"
#include "client/smilecat/complain.h"
#include "client/smilecat/line_editor.h"
#include "client/smilecat/one_request.h"
#include "client/smilecat/path_lookup.h"
#include "client/smilecat/prompt_signals.h"
#include "client/smilecat/remembered_lines.h"
#include "client/smilecat/tasks.h"

namespace smile::cat {
namespace {

std::string HistoryFile() {
  const char* const home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? "" : std::string(home) + "/.smilecat_history";
}

class Prompt {
 public:
  explicit Prompt(const PromptOptions& options) : options_(options) {}

  // Also after a request was cancelled: closing its connection tells the server.
  Status ConnectAnew() {
    client_.reset();
    SMILE_ASSIGN(client_, Connect(options_.server));
    return {};
  }

  Completion Complete(std::string_view typed) {
    const auto lookup = [this](std::string_view word, bool records) {
      return LookUpPaths(client_.get(), signals_, word, records);
    };
    return cat::Complete(typed, lookup, options_.server.link_kinds);
  }

  // False: the prompt ends.
  bool RunLine(const std::string& line);

  Defaults defaults() const {
    return {.server = options_.server.server,
            .deadline_millis = options_.server.deadline_millis,
            .hex = options_.server.hex,
            .json = options_.json,
            .raw_times = options_.raw_times,
            .link_kinds = options_.server.link_kinds,
            .show_secrets = options_.show_secrets};
  }
  PromptSignals* signals() { return &signals_; }
  bool terminated() const { return terminated_; }

 private:
  void Run(const CommandLine& line);
  std::optional<Reply> Wait(PendingReply* pending);
  bool Sleep(int64_t millis);

  const PromptOptions& options_;
  PromptSignals signals_;  // before the client's thread is made
  std::unique_ptr<Client> client_;
  bool terminated_ = false;
};

bool Prompt::RunLine(const std::string& line) {
  const Result<std::vector<TextToken>> tokens = SplitLine(line);
  if (!tokens.ok()) {
    PrintTo(stdout, "{}\n", Printable(tokens.status().message()));
    return true;
  }
  if (tokens->empty() || (*tokens)[0].text.starts_with('#')) return true;
  if ((*tokens)[0].text == "quit" || (*tokens)[0].text == "exit") return false;
  const auto read = ReadCommandLine(*tokens, defaults());
  if (const auto* const saying = std::get_if<Saying>(&read)) {
    const bool is_help = saying->status == ExitStatus::kOk;
    PrintText(stdout, is_help ? saying->text
                              : fmt::format("{}; see {}\n", saying->text,
                                            saying->help == "--help" ? "help" : saying->help));
  } else {
    Run(std::get<CommandLine>(read));
  }
  std::fflush(stdout);
  return !terminated_;
}

void Prompt::Run(const CommandLine& line) {
  const bool reads_stdin = line.subject == "-" || line.send_hex.source == "-";
  if (line.task == TaskKind::kLines || line.task == TaskKind::kListen || reads_stdin) {
    PrintTo(stdout, "that is for the command line: the prompt takes requests, {}\n",
            "load, dump, media, user, decode, describe, help and quit");
    return;
  }
  const bool same_server = line.server.server.ToString() == options_.server.server.ToString() &&
                           line.server.hex == options_.server.hex;
  if (line.task != TaskKind::kRequest) {
    RunTask(line);
    return;
  }
  OneRequestOptions request = OneRequestOf(line);
  request.at_prompt = true;
  if (!same_server) {
    RunOneRequest(request, line.request);
    return;
  }
  const ExitStatus status = RunOneRequest(client_.get(), request, line.request,
                                          {[this](PendingReply* pending) { return Wait(pending); },
                                           [this](int64_t millis) { return Sleep(millis); }});
  if (status != ExitStatus::kInterrupted) return;
  if (const Status connected = ConnectAnew(); !connected.ok()) {
    PrintTo(stdout, "{}\n", Printable(connected.message()));
  }
}

// None: Ctrl-C, or the end of the process.
std::optional<Reply> Prompt::Wait(PendingReply* pending) {
  while (true) {
    std::optional<Reply> reply = pending->WaitOr(signals_.descriptor(), -1);
    if (reply.has_value()) return reply;
    while (const std::optional<int> signal = signals_.Take()) {
      terminated_ = terminated_ || *signal == SIGTERM;
      if (*signal == SIGINT || terminated_) return std::nullopt;
    }
  }
}

// Whatever comes ends it.
bool Prompt::Sleep(int64_t millis) {
  PendingReply nothing;
  nothing.WaitOr(signals_.descriptor(), millis);
  while (const std::optional<int> signal = signals_.Take()) {
    terminated_ = terminated_ || *signal == SIGTERM;
    if (*signal == SIGINT || terminated_) return false;
  }
  return true;
}

[[noreturn]] void EndAsBySigterm() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  std::signal(SIGTERM, SIG_DFL);
  std::raise(SIGTERM);
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  std::_Exit(128 + SIGTERM);
}

}  // namespace

ExitStatus RunPrompt(const PromptOptions& options) {
  if (!UseUtf8Locale()) {
    PrintTo(stderr,
            "smilecat: the prompt needs a UTF-8 locale and there is none, not even C.UTF-8; "
            "give the request as arguments or in a pipe\n");
    return ExitStatus::kUsage;
  }
  Prompt prompt(options);
  if (const Status connected = prompt.ConnectAnew(); !connected.ok()) {
    return Complain(connected.message(), ExitStatus::kConnection);
  }
  PrintTo(stdout, "smilecat at {}; help lists the requests, quit or Ctrl-D ends it\n",
          options.server.server.ToString());
  std::fflush(stdout);
  bool terminated = false;
  {
    LineEditor editor(prompt.signals(), HistoryFile(),
                      [&](std::string_view typed) { return prompt.Complete(typed); });
    std::string line;
    for (bool goes_on = true; goes_on;) {
      const LineEditor::Event event = editor.Read(&line);
      const bool is_line =
          event == LineEditor::Event::kLine || event == LineEditor::Event::kGarbled;
      if (is_line && IsRemembered(line, prompt.defaults())) editor.Remember(line);
      goes_on = event == LineEditor::Event::kCancelled || event == LineEditor::Event::kGarbled ||
                (event == LineEditor::Event::kLine && prompt.RunLine(line));
      if (event == LineEditor::Event::kEnd) PrintText(stdout, "\n");
      if (event == LineEditor::Event::kGarbled) {
        PrintText(stdout,
                  "not sent: the line has bytes that are not UTF-8; set the terminal to UTF-8\n");
      }
      terminated = event == LineEditor::Event::kTerminated || prompt.terminated();
    }
  }
  if (terminated) EndAsBySigterm();
  return ExitStatus::kOk;
}

}  // namespace smile::cat
