// What can be asked for by name: all operations but HELLO, which libsmile sends itself when it
// connects, and which a connection takes only once.
#pragma once

#include "protocol/operations.h"

namespace smile::cat {

using Requests = decltype(Without<op::Hello>(Operations()));

}  // namespace smile::cat
