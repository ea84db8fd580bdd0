// What may stand next in a request that is being typed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace smile::cat {

struct Completion {
  size_t word_bytes = 0;             // of the word at the end that is being completed
  std::vector<std::string> choices;  // whole words that begin with it, sorted

  // The longest start that all choices share; the word itself if there are none.
  std::string common_start;
};

// For a line up to the cursor. Derived: operations and the prompt's own commands first, then the
// operation's options, tables where a path or a table stands.
Completion Complete(std::string_view line);

}  // namespace smile::cat
