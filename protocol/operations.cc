// The rules that all operations keep. Here, so that they are evaluated once, not by each file that
// includes the operations.
#include "protocol/operations.h"

namespace smile {

static_assert(Operations::NumbersAndNamesAreUnique());
static_assert(op::Hello::kInfo.code == 1, "a server of any version has to know HELLO");
static_assert(Operations::CodesAreIn(1, 127) && Operations::AreSince(kProtocolVersion));
static_assert(Operations::MessagesAreSound() && Operations::NamesAreWords());
static_assert(Operations::RepliesHaveNoCriticalFields(), "an earlier client can read a reply");

}  // namespace smile
