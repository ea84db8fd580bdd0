#include "base/print.h"

namespace smile {

void PrintText(std::FILE* out, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), out);
}

bool Printed(std::FILE* out) {
  return std::fflush(out) == 0 && std::ferror(out) == 0;
}

}  // namespace smile
