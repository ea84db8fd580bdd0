#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace smile {

void CheckFailed(const char* file, int line, const char* condition, std::string_view words) {
  std::fprintf(stderr, "smile: CHECK failed at %s:%d: %s%s%.*s\n", file, line, condition,
               words.empty() ? "" : ": ", static_cast<int>(words.size()), words.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace smile
