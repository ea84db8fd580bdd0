#include "client/smilecat/completion.h"

#include <algorithm>

#include "client/smilecat/option_apps.h"
#include "client/smilecat/requests.h"
#include "model/tables.h"
#include "protocol/text_reader.h"

namespace smile::cat {
namespace {

// What may stand in one place of a line.
struct Choices {
  std::vector<std::string> words;
  bool takes_path = false;
  bool takes_record = false;  // else the path is that of a partition
};

void AppendNames(std::vector<std::string>* words) {
  for (const std::string_view command : kCommands) words->emplace_back(command);
  Requests::ForEach([&]<class Row>() { words->emplace_back(Row::kInfo.name); });
}

Choices Openings() {
  Choices choices{.words = {"quit"}};
  AppendNames(&choices.words);
  return choices;
}

Choices AfterCommand(std::string_view name) {
  Choices choices;
  if (name == "help" || name == "describe") AppendNames(&choices.words);
  if (name != "dump") return choices;
  choices.takes_path = true;
  for (const TableInfo& table : kTables) choices.words.emplace_back(table.name);
  return choices;
}

// What may stand after the operation `name`.
Choices AfterOperation(std::string_view name) {
  Choices choices;
  Requests::ForEach([&]<class Row>() {
    if (name != Row::kInfo.name) return;
    for (const TextArgument& argument : UsageOf<Row>().arguments) {
      if (!argument.positional) {
        choices.words.push_back(argument.form.substr(0, argument.form.find(' ')));
      }
      choices.takes_record = choices.takes_record || argument.form.starts_with("KEY");
      choices.takes_path = choices.takes_path || argument.form == "PARTITION";
    }
    choices.takes_path = choices.takes_path || choices.takes_record;
    for (const TableInfo& table : kTables) {
      choices.words.push_back(std::string(table.name) + (choices.takes_path ? "/" : ""));
    }
  });
  return choices;
}

void SetCommonStart(Completion* completion) {
  std::vector<std::string>& choices = completion->choices;
  std::sort(choices.begin(), choices.end());
  choices.erase(std::unique(choices.begin(), choices.end()), choices.end());
  if (choices.empty()) return;
  const std::string& low = choices.front();
  const std::string& high = choices.back();
  const auto differs = std::mismatch(low.begin(), low.end(), high.begin(), high.end());
  completion->common_start.assign(low.begin(), differs.first);
}

}  // namespace

Completion Complete(std::string_view line, const PathLookup& lookup) {
  const size_t space = line.find_last_of(" \t");
  const std::string_view word = space == std::string_view::npos ? line : line.substr(space + 1);
  const size_t first = line.find_first_not_of(" \t");
  const std::string_view start = first == std::string_view::npos ? "" : line.substr(first);
  const bool opens = start.find_first_of(" \t") == std::string_view::npos;
  const std::string_view name = start.substr(0, start.find_first_of(" \t"));
  Completion completion{.word_bytes = word.size(), .common_start = std::string(word)};
  Choices choices = opens             ? Openings()
                    : IsCommand(name) ? AfterCommand(name)
                                      : AfterOperation(name);
  for (std::string& choice : choices.words) {
    if (choice.starts_with(word)) completion.choices.push_back(std::move(choice));
  }
  const bool is_path = word.find('/') != std::string_view::npos;
  if (is_path && choices.takes_path && lookup) {
    FoundPaths found = lookup(word, choices.takes_record);
    completion.more = found.more;
    for (std::string& path : found.paths) {
      if (path.starts_with(word)) completion.choices.push_back(std::move(path));
    }
  }
  SetCommonStart(&completion);
  return completion;
}

}  // namespace smile::cat
