// `smilecat user import`.
#pragma once

#include "client/smilecat/user.h"

namespace smile::cat {

// Verifies the folder before it writes: kFile if it is damaged. kConditionFailed if the user has
// something already and options.merge is not set. kIncomplete if the server rejected something.
ExitStatus RunUserImport(const UserOptions& options);

}  // namespace smile::cat
