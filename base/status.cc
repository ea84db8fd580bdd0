#include "base/status.h"

namespace smile {

std::string Status::ToString() const {
  std::string text(InfoOf(code_).name);
  if (!words_.empty()) text.append(": ").append(words_);
  if (retry_after_ms_ != 0) {
    text.append(" (retry after ").append(std::to_string(retry_after_ms_)).append(" ms)");
  }
  return text;
}

}  // namespace smile
