// Bytes that nobody can guess, from the kernel.
#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace smile {

// Any thread.
Bytes RandomBytes(size_t count);

}  // namespace smile
