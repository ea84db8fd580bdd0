// `smilecat media check`.
#pragma once

#include "client/smilecat/media.h"
#include "client/smilecat/media_tools.h"

namespace smile::cat {

// A line for each fault on stdout, then a summary. kIncomplete if something is wrong that was not
// repaired.
ExitStatus RunMediaCheck(const MediaOptions& options, const MediaTools& tools);

}  // namespace smile::cat
