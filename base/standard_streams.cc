#include "base/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace smile {

void OpenStandardStreams() {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
    if (fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    // open() returns the lowest free number, which is this one.
    if (open("/dev/null", O_RDWR) == stream) continue;
    std::perror("cannot open /dev/null in place of a closed standard stream");
    std::_Exit(1);
  }
}

}  // namespace smile
