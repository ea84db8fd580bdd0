// Reading a file from a disk that may have bad sectors.
#pragma once

#include <rocksdb/file_system.h>

#include <string>

#include "base/bytes.h"

namespace smile {

// The content of the file, with zeros where it cannot be read; empty if it cannot be opened.
Bytes ReadReadableBytes(rocksdb::FileSystem* system, const std::string& path);

}  // namespace smile
