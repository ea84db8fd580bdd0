#include "client/smilecat/completion.h"

#include <algorithm>

#include "client/smilecat/requests.h"
#include "model/tables.h"
#include "protocol/text_reader.h"

namespace smile::cat {
namespace {

std::vector<std::string> Openings() {
  std::vector<std::string> words = {"help", "quit"};
  Requests::ForEach([&]<class Row>() { words.emplace_back(Row::kInfo.name); });
  return words;
}

// What may stand behind the operation `name`.
std::vector<std::string> WordsBehind(std::string_view name) {
  std::vector<std::string> words;
  Requests::ForEach([&]<class Row>() {
    if (name == "help") words.emplace_back(Row::kInfo.name);
    if (name != Row::kInfo.name) return;
    bool takes_table = false;
    for (const TextArgument& argument : UsageOf<Row>().arguments) {
      if (!argument.positional) words.push_back(argument.form.substr(0, argument.form.find(' ')));
      takes_table = takes_table || argument.form == "TABLE";
    }
    for (const TableInfo& table : kTables) {
      words.push_back(std::string(table.name) + (takes_table ? "" : "/"));
    }
  });
  return words;
}

}  // namespace

Completion Complete(std::string_view line) {
  const size_t space = line.find_last_of(" \t");
  const std::string_view word = space == std::string_view::npos ? line : line.substr(space + 1);
  const size_t first = line.find_first_not_of(" \t");
  const std::string_view start = first == std::string_view::npos ? "" : line.substr(first);
  const bool opens = start.find_first_of(" \t") == std::string_view::npos;
  Completion completion{.word_bytes = word.size(), .common_start = std::string(word)};
  for (std::string& choice :
       opens ? Openings() : WordsBehind(start.substr(0, start.find_first_of(" \t")))) {
    if (choice.starts_with(word)) completion.choices.push_back(std::move(choice));
  }
  std::sort(completion.choices.begin(), completion.choices.end());
  if (completion.choices.empty()) return completion;
  const std::string& low = completion.choices.front();
  const std::string& high = completion.choices.back();
  const auto differs = std::mismatch(low.begin(), low.end(), high.begin(), high.end());
  completion.common_start.assign(low.begin(), differs.first);
  return completion;
}

}  // namespace smile::cat
