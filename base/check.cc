#include "base/check.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/bounded_write.h"
#include "base/limits.h"

namespace smile {

// Does not allocate (the heap may be damaged) or block for long (nobody may read stderr).
void CheckFailed(const char* file, int line, const char* condition, std::string_view message) {
  char text[1024];
  const int size = std::snprintf(text, sizeof(text), "smile: CHECK failed at %s:%d: %s%s%.*s\n",
                                 file, line, condition, message.empty() ? "" : ": ",
                                 static_cast<int>(message.size()), message.data());
  if (size > 0) {
    const size_t shown = std::min(static_cast<size_t>(size), sizeof(text) - 1);
    WriteWithin(STDERR_FILENO, {text, shown}, limits::kLastMessageMillis);
  }
  std::abort();
}

}  // namespace smile
