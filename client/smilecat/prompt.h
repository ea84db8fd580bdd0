// Requests and commands typed at a terminal, with history and completion.
#pragma once

#include "client/smilecat/exit_status.h"
#include "client/smilecat/session.h"

namespace smile::cat {

struct PromptOptions {
  ServerOptions server;
  bool json = false;
  bool raw_times = false;
  bool show_secrets = false;
};

// Until Ctrl-D, "quit" or "exit". Each answer is printed before the next prompt. Ctrl-C clears the
// line, or cancels the request that is waited for. The history is kept in ~/.smilecat_history,
// readable by its owner alone. What is refused is shown and changes nothing of the exit status:
// kOk. kUsage where no locale has UTF-8; SIGTERM ends the process as if it were not caught.
ExitStatus RunPrompt(const PromptOptions& options);

}  // namespace smile::cat
