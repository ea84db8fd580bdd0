// What can be asked for by name: all operations but HELLO and CANCEL, which libsmile sends itself.
#pragma once

#include "protocol/operations.h"

namespace smile::cat {

using Requests = decltype(Without<op::Cancel>(Without<op::Hello>(Operations())));
// Those with one answer.
using AnsweredRequests = decltype(Without<op::Watch>(Requests()));

}  // namespace smile::cat
