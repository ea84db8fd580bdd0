// What smilecat has to say on stderr.
#pragma once

#include <string>
#include <string_view>

#include "client/smilecat/exit_status.h"

namespace smile::cat {

// Text that may have come from elsewhere (a file's name or content, a message of the server), as
// one line for a terminal: control characters and what is not UTF-8 as \xNN.
std::string Printable(std::string_view text);

// Prints "smilecat: WORDS", made printable, as a line on stderr.
void Complain(std::string_view words);

// The same, for a task that ends with it.
ExitStatus Complain(std::string_view words, ExitStatus status);

}  // namespace smile::cat
