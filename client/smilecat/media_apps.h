// The command lines of `smilecat media`.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "client/smilecat/option_apps.h"
#include "client/smilecat/options.h"

namespace smile::cat {

// put, get, ...
std::vector<std::string> MediaCommandNames();

// The words after `media`; none: its help. `before` are the options that stand before `media`.
std::variant<CommandLine, Saying> ReadMediaCommand(const std::vector<std::string>& words,
                                                   const RawOptions& before,
                                                   const Defaults& defaults);

}  // namespace smile::cat
