// `smilecat media list`, `stat` and `delete`.
#pragma once

#include "client/smilecat/media.h"
#include "client/smilecat/media_tools.h"

namespace smile::cat {

ExitStatus RunMediaList(const MediaOptions& options, const MediaTools& tools);
ExitStatus RunMediaStat(const MediaOptions& options, const MediaTools& tools);
ExitStatus RunMediaDelete(const MediaOptions& options, const MediaTools& tools);

}  // namespace smile::cat
