// What the user's configuration says where the command line does not.
#pragma once

#include "base/result.h"
#include "client/smilecat/options.h"

namespace smile::cat {

// From $XDG_CONFIG_HOME/smile/smilecat.conf, or else ~/.config/smile/smilecat.conf, which may be
// missing; then the environment variable SMILE_SERVER, which beats the file. The file has a
// "NAME = VALUE" per line (server, deadline, raw-times, link-kinds), empty lines, and comments that
// begin with
// #. kInvalid, with file and line, for anything else.
Result<Defaults> ReadDefaults();

}  // namespace smile::cat
