// Requests typed at a terminal, with history and completion (libedit).
#pragma once

#include "client/smilecat/exit_status.h"
#include "client/smilecat/session.h"

namespace smile::cat {

struct PromptOptions {
  ServerOptions server;
  bool json = false;
};

// Until the end of input, "quit" or "exit". Each answer is printed before the next prompt. The
// history is kept in ~/.smilecat_history, readable by its owner alone. What is refused is shown and
// changes nothing of the exit status: kOk.
ExitStatus RunPrompt(const PromptOptions& options);

}  // namespace smile::cat
