// `smilecat media get`.
#pragma once

#include "client/smilecat/media.h"
#include "client/smilecat/media_tools.h"

namespace smile::cat {

ExitStatus RunMediaGet(const MediaOptions& options, const MediaTools& tools);

}  // namespace smile::cat
