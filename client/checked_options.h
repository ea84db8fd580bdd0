// Validation of a client's options, and what is computed from them.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/status.h"
#include "client/options.h"

namespace smile {

// kInvalid, with a message that names the option, unless all are in range.
Status Validate(const ClientOptions& options);

// The deadline of a call that is made now, in nanoseconds of the clock's monotonic time.
int64_t DeadlineOf(const ClientOptions& client, const CallOptions& call, const Clock& clock);

}  // namespace smile
