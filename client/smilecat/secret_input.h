// Passwords, tokens and credentials for requests: never on the command line, which other users and
// the shell's history see, nor in the history of the prompt.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace smile::cat {

// The line that standard input has next, without its end: typed at a terminal, without echo, after
// the question "NAME: ". kInvalid if there is none.
Result<Bytes> AskForSecret(std::string_view name);

// The content of a file, without one line end.
Result<Bytes> ReadSecretFile(std::string_view path);

}  // namespace smile::cat
