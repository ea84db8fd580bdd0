// Which lines the prompt's history keeps: none in which a secret may have been typed.
#pragma once

#include <string_view>

#include "client/smilecat/options.h"

namespace smile::cat {

// A request that can be sent has no secret in it (protocol/text_slots.h). A line that is rejected
// may have one: it is kept only if it names an operation or command, and no operation that takes a
// secret.
bool IsRemembered(std::string_view line, const Defaults& defaults);

}  // namespace smile::cat
