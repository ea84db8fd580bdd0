// What a command line asks for, done: from the shell and at the prompt.
#pragma once

#include "client/smilecat/one_request.h"
#include "client/smilecat/options.h"

namespace smile::cat {

// Any task but kRequest and kLines.
ExitStatus RunTask(const CommandLine& line);

OneRequestOptions OneRequestOf(const CommandLine& line);

// Help, or what is wrong with the command line.
ExitStatus Say(const Saying& saying);

}  // namespace smile::cat
