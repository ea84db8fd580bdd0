// What may stand next in a request that is being typed.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/smilecat/link_kinds.h"

namespace smile::cat {

struct Completion {
  size_t word_bytes = 0;             // of the word at the end that is being completed
  std::vector<std::string> choices;  // whole words that begin with it, sorted
  bool more = false;                 // there may be others

  // The longest start that all choices share; the word itself if there are none.
  std::string common_start;
};

struct FoundPaths {
  std::vector<std::string> paths;
  bool more = false;  // the search was cut short
};

// Looks for paths that begin with `word`, which has a '/' after the name of a table: of partitions,
// and if `records`, of the records in one. A path that goes on ends with '/'.
using PathLookup = std::function<FoundPaths(std::string_view word, bool records)>;

// For a line up to the cursor. Derived: operations, commands and the prompt's own words first, then
// the operation's options, tables where a path or a table stands, kinds of links, and paths as
// `lookup` finds them.
Completion Complete(std::string_view line, const PathLookup& lookup = {},
                    const LinkKinds& kinds = {});

}  // namespace smile::cat
