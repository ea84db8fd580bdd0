#include "client/smilecat/colour.h"

#include <unistd.h>

#include <cstdlib>

namespace smile::cat {

bool WantsColour(std::FILE* out) {
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  if (term == nullptr || std::string_view(term) == "dumb") return false;
  return ::isatty(::fileno(out)) == 1;
}

std::string InRed(std::string_view text, bool colour) {
  return colour ? "\x1b[31m" + std::string(text) + "\x1b[0m" : std::string(text);
}

}  // namespace smile::cat
