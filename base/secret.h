// Bytes that must not be found in memory or told by timing, such as passwords.
#pragma once

#include "base/bytes.h"

namespace smile {

// Overwrites the bytes, which are then empty.
void Wipe(Bytes* bytes);

// Compares in a time that depends on the lengths only.
bool EqualInConstantTime(ByteView a, ByteView b);

}  // namespace smile
