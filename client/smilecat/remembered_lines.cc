#include "client/smilecat/remembered_lines.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "client/smilecat/option_apps.h"
#include "client/smilecat/requests.h"

namespace smile::cat {
namespace {

using Words = std::vector<std::string>;

// Also of a line with a quote that is not closed.
Words WordsOf(std::string_view line) {
  std::istringstream text{std::string(line)};
  Words words;
  for (std::string word; text >> word;) words.push_back(word);
  return words;
}

bool TakesSecret(std::string_view operation) {
  bool takes = false;
  Requests::ForEach([&]<class Row>() {
    if (Row::kInfo.name != operation) return;
    ForEachField<typename Row::Request>([&](const auto& field) { takes |= IsSecret(field.text); });
  });
  return takes;
}

// Whether it can be sent, or run, as far as the line itself tells.
bool IsValid(std::string_view line, const Defaults& defaults) {
  const Result<std::vector<TextToken>> tokens = SplitLine(line);
  if (!tokens.ok()) return false;
  const auto read = ReadCommandLine(*tokens, defaults);
  const auto* const command = std::get_if<CommandLine>(&read);
  if (command == nullptr) {  // help on an operation, or a complaint
    return std::get<Saying>(read).status == ExitStatus::kOk && tokens->size() <= 2;
  }
  if (command->task != TaskKind::kRequest) return true;
  // In place of files and of what would be asked for; hexadecimal, as a token has to be.
  const auto content = [](std::string_view, std::string_view) {
    return Result<Bytes>(Bytes(64, '0'));
  };
  return CheckRequest(command->request, content).ok();
}

}  // namespace

bool IsRemembered(std::string_view line, const Defaults& defaults) {
  const Words words = WordsOf(line);
  if (std::any_of(words.begin(), words.end(), TakesSecret)) return IsValid(line, defaults);
  const auto is_known = [](const std::string& word) {
    return IsCommand(word) || Requests::Find(word) != nullptr;
  };
  return std::any_of(words.begin(), words.end(), is_known) || IsValid(line, defaults);
}

}  // namespace smile::cat
