#include "client/smilecat/prompt.h"

#include <histedit.h>

#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "client/smilecat/completion.h"
#include "client/smilecat/content.h"
#include "client/smilecat/help_texts.h"
#include "client/smilecat/inspect.h"
#include "client/smilecat/request.h"
#include "client/smilecat/requests.h"

namespace smile::cat {
namespace {

constexpr int kHistoryLines = 1000;

std::string HistoryFile() {
  const char* const home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? "" : std::string(home) + "/.smilecat_history";
}

char* PromptText(EditLine*) {
  static char text[] = "smile> ";  // libedit wants it writable, and never writes
  return text;
}

// Bound to the tab key.
unsigned char OnComplete(EditLine* edit, int) {
  const LineInfo* const line = el_line(edit);
  const std::string_view typed(line->buffer, static_cast<size_t>(line->cursor - line->buffer));
  const Completion completion = Complete(typed);
  if (completion.choices.empty()) return CC_REFRESH_BEEP;
  std::string added = completion.common_start.substr(completion.word_bytes);
  const bool whole = completion.choices.size() == 1;
  if (whole && !completion.common_start.ends_with('/')) added += ' ';
  if (!added.empty()) return el_insertstr(edit, added.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  fmt::print("\n");
  for (const std::string& choice : completion.choices) fmt::print("{}  ", choice);
  fmt::print("\n");
  std::fflush(stdout);
  return CC_REDISPLAY;
}

// A line editor with its history.
class Editor {
 public:
  Editor() : edit_(el_init("smilecat", stdin, stdout, stderr)), history_(history_init()) {
    HistEvent event;
    history(history_, &event, H_SETSIZE, kHistoryLines);
    history(history_, &event, H_SETUNIQUE, 1);
    if (!file_.empty()) history(history_, &event, H_LOAD, file_.c_str());
    el_set(edit_, EL_PROMPT, PromptText);
    el_set(edit_, EL_EDITOR, "emacs");
    el_set(edit_, EL_SIGNAL, 1);
    el_set(edit_, EL_HIST, history, history_);
    el_set(edit_, EL_ADDFN, "smilecat-complete", "completes a request", OnComplete);
    el_set(edit_, EL_BIND, "^I", "smilecat-complete", nullptr);
    el_source(edit_, nullptr);
  }
  ~Editor() {
    history_end(history_);
    el_end(edit_);
  }
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  // None at the end of input.
  std::optional<std::string> Read() {
    int count = 0;
    const char* const text = el_gets(edit_, &count);
    if (text == nullptr || count <= 0) return std::nullopt;
    std::string line(text, static_cast<size_t>(count));
    if (line.find_first_not_of(" \t\n") != std::string::npos) Remember(line);
    if (line.ends_with('\n')) line.pop_back();
    return line;
  }

 private:
  // Saved with each line, so that nothing is lost however the session ends.
  void Remember(const std::string& line) {
    HistEvent event;
    history(history_, &event, H_ENTER, line.c_str());
    if (!file_.empty()) history(history_, &event, H_SAVE, file_.c_str());
  }

  const std::string file_ = HistoryFile();
  EditLine* const edit_;
  History* const history_;
};

Result<Bytes> ReadFileContent(std::string_view path) {
  if (path != "-") return ReadValue(std::string(path));
  return Status(Code::kInvalid, "a value comes from the line or from @FILE here");
}

void Help(const std::vector<TextToken>& tokens) {
  const std::string topic = tokens.size() > 1 ? DescribeOperation(tokens[1].text) : "";
  fmt::print("{}\n", topic.empty() ? RootFooter() : topic);
}

void RunLine(const PromptOptions& options, Client* client, const std::string& line) {
  const Result<std::vector<TextToken>> tokens = SplitLine(line);
  if (!tokens.ok()) {
    fmt::print("{}\n", tokens.status().words());
    return;
  }
  if (tokens->empty() || (*tokens)[0].text.starts_with('#')) return;
  if ((*tokens)[0].text == "help") return Help(*tokens);
  const auto promise = std::make_shared<std::promise<Reply>>();
  const Status sent = SendRequest<Requests>(
      client, *tokens, ReadFileContent,
      {.deadline_millis = options.server.deadline_millis, .retry = false},
      options.json ? ReplyForm::kJson : ReplyForm::kPage, [&](const OperationInfo&) {
        return [promise](Reply reply) { promise->set_value(std::move(reply)); };
      });
  if (!sent.ok()) {
    fmt::print("{}\n", sent.words());
    return;
  }
  const Reply reply = promise->get_future().get();
  const bool lost = ExitStatusOf(reply.status) == ExitStatus::kConnection && !options.json;
  fmt::print("{}", lost ? Complaint(reply.status) + "\n" : reply.shown);
  std::fflush(stdout);
}

}  // namespace

ExitStatus RunPrompt(const PromptOptions& options) {
  const Result<std::unique_ptr<Client>> client = Connect(options.server);
  if (!client.ok()) {
    fmt::print(stderr, "smilecat: {}\n", client.status().words());
    return ExitStatus::kConnection;
  }
  fmt::print("smilecat at {}; help lists the requests, quit ends it\n",
             options.server.server.ToString());
  Editor editor;
  while (const std::optional<std::string> line = editor.Read()) {
    if (*line == "quit" || *line == "exit") return ExitStatus::kOk;
    RunLine(options, client->get(), *line);
  }
  fmt::print("\n");
  return ExitStatus::kOk;
}

}  // namespace smile::cat
