// `smilecat media put` and `media resume`.
#pragma once

#include "client/smilecat/media.h"
#include "client/smilecat/media_tools.h"

namespace smile::cat {

ExitStatus RunMediaPut(const MediaOptions& options, const MediaTools& tools);

// Continues, or only lists, uploads of this server that were interrupted.
ExitStatus RunMediaResume(const MediaOptions& options, const MediaTools& tools);

}  // namespace smile::cat
