// What the client makes of its options.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/status.h"
#include "client/options.h"

namespace smile {

// kInvalid, with a message that names the option, unless all are within their bounds.
Status Validate(const ClientOptions& options);

// When a call that begins now is to end, on the clock's monotonic time in nanoseconds.
int64_t DeadlineOf(const ClientOptions& client, const CallOptions& call, const Clock& clock);

}  // namespace smile
