// The command lines of `smilecat user`.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "client/smilecat/option_apps.h"
#include "client/smilecat/options.h"

namespace smile::cat {

// export, import
std::vector<std::string> UserCommandNames();

// As ReadMediaCommand, for the words after `user`.
std::variant<CommandLine, Saying> ReadUserCommand(const std::vector<std::string>& words,
                                                  const RawOptions& before,
                                                  const Defaults& defaults);

}  // namespace smile::cat
