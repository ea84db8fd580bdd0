// Reads a part of a file that has to wait to be sent.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/file_range.h"

namespace smile {

// None: the file cannot be read, or ends before.
std::optional<Bytes> ReadRange(const FileRange& range);

}  // namespace smile
