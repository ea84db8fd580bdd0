#include "protocol/text_command.h"

#include <algorithm>

namespace smile::text_internal {

std::string OptionWord(std::string_view field_name) {
  std::string word = " --";
  word.append(field_name);
  std::replace(word.begin(), word.end(), '_', '-');
  return word;
}

}  // namespace smile::text_internal
