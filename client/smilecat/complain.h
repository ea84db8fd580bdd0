// What smilecat has to say on stderr.
#pragma once

#include <string_view>

#include "client/smilecat/exit_status.h"

namespace smile::cat {

// Prints "smilecat: WORDS" as a line on stderr. The words may have come from elsewhere (a file's
// name or content, a message of the server): they are made printable.
void Complain(std::string_view words);

// The same, for a task that ends with it.
ExitStatus Complain(std::string_view words, ExitStatus status);

}  // namespace smile::cat
