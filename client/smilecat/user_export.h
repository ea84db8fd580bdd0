// `smilecat user export`.
#pragma once

#include "client/smilecat/user.h"

namespace smile::cat {

// kNotFound if there is nothing of the user. kIncomplete if parts cannot be read: stderr names
// them, and the folder has all else.
ExitStatus RunUserExport(const UserOptions& options);

}  // namespace smile::cat
