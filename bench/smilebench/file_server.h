// `smilebench serve`: a plain server on libuv, without a protocol or checksums, which downloads are
// compared with. A connection sends the number of a file, 8 bytes, little-endian; it receives the
// file DIRECTORY/NUMBER, and the server closes the connection. Files are read on the loop's thread:
// they are meant to be in the kernel's page cache.
#pragma once

#include <functional>
#include <string>

#include "base/status.h"

namespace smile::bench {

// Runs until `interrupted`. `ready` is told the port, on the loopback device.
Status ServeFiles(const std::string& directory, const std::function<void(uint16_t)>& ready,
                  const std::function<bool()>& interrupted);

}  // namespace smile::bench
