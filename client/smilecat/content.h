// Where the bytes of values come from when a request names a source instead: @FILE, or - for
// standard input.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace smile::cat {

// All of a file, or of standard input for "-". kTooLarge over limits::kMaxFrameBytes.
Result<Bytes> ReadContent(const std::string& path);

// The same for a record's value: kTooLarge over limits::kMaxValueBytes, and says what to do about
// it.
Result<Bytes> ReadValue(const std::string& path);

}  // namespace smile::cat
