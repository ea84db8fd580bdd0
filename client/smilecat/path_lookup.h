// Paths of what is in the server, for completion.
#pragma once

#include <string_view>

#include "client/client.h"
#include "client/smilecat/completion.h"
#include "client/smilecat/prompt_signals.h"

namespace smile::cat {

// As PathLookup says. Asks for at most limits::kMaxCompletionPages pages and for
// limits::kCompletionMillis; a signal ends it too, and is left for whoever takes it next. Finds
// nothing if the server cannot be asked.
FoundPaths LookUpPaths(Client* client, const PromptSignals& signals, std::string_view word,
                       bool records);

}  // namespace smile::cat
