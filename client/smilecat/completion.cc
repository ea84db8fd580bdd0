#include "client/smilecat/completion.h"

#include <algorithm>

#include "client/smilecat/media_apps.h"
#include "client/smilecat/option_apps.h"
#include "client/smilecat/requests.h"
#include "client/smilecat/user_apps.h"
#include "model/tables.h"

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
  if (name == "media") choices.words = MediaCommandNames();
  if (name == "user") choices.words = UserCommandNames();
  if (name != "dump") return choices;
  choices.takes_path = true;
  for (const TableInfo& table : ClientTables()) choices.words.emplace_back(table.name);
  choices.words.emplace_back(InfoOf(Table::kLinks).name);
  return choices;
}

// What may stand after the operation `name`.
Choices AfterOperation(std::string_view name, const LinkKinds& kinds) {
  Choices choices;
  if (Requests::Find(name) == nullptr) return choices;
  bool takes_kind = false;
  for (const TextArgument& argument : UsageOfOperation(name).arguments) {
    takes_kind = takes_kind || argument.form == "KIND";
    if (!argument.positional) {
      choices.words.push_back(argument.form.substr(0, argument.form.find(' ')));
    }
    choices.takes_record = choices.takes_record || argument.form.starts_with("KEY");
    choices.takes_path = choices.takes_path || argument.form.starts_with("PARTITION");
  }
  choices.takes_path = choices.takes_path || choices.takes_record;
  if (takes_kind) {
    for (const NumberName& kind : kLinkKinds) choices.words.emplace_back(kind.name);
    for (std::string& kind : kinds.names()) choices.words.push_back(std::move(kind));
    return choices;
  }
  const bool any_table = name == op::List::kInfo.name || name == op::Watch::kInfo.name;
  for (const TableInfo& table : any_table ? ListedTables() : ClientTables()) {
    choices.words.push_back(std::string(table.name) + (choices.takes_path ? "/" : ""));
  }
  return choices;
}

// The operation or command in `words`, which may have options before it. Empty: there is none yet.
std::string_view OpeningOf(std::string_view words) {
  bool after_option = false;  // whose value the word may be
  while (true) {
    const size_t begin = words.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    words.remove_prefix(begin);
    const std::string_view word = words.substr(0, words.find_first_of(" \t"));
    const bool is_option = word.starts_with('-');
    const bool is_known = IsCommand(word) || Requests::Find(word) != nullptr;
    if (is_known || (!is_option && !after_option)) return word;
    after_option = is_option;
    words.remove_prefix(word.size());
  }
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

Completion Complete(std::string_view line, const PathLookup& lookup, const LinkKinds& kinds) {
  const size_t space = line.find_last_of(" \t");
  const std::string_view word = space == std::string_view::npos ? line : line.substr(space + 1);
  const std::string_view name = OpeningOf(line.substr(0, line.size() - word.size()));
  Completion completion{.word_bytes = word.size(), .common_start = std::string(word)};
  Choices choices = name.empty()      ? Openings()
                    : IsCommand(name) ? AfterCommand(name)
                                      : AfterOperation(name, kinds);
  const bool is_path = word.find('/') != std::string_view::npos;
  for (std::string& choice : choices.words) {
    // A table that is typed stands for what is in it.
    const bool is_typed = is_path && choice == word;
    if (choice.starts_with(word) && !is_typed) completion.choices.push_back(std::move(choice));
  }
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
