#include "base/status.h"

#include "base/check.h"

namespace smile {

std::string Status::ToString() const {
  std::string text(InfoOf(code_).name);
  if (!message_.empty()) text.append(": ").append(message_);
  if (retry_after_ms_ != 0) {
    text.append(" (retry after ").append(std::to_string(retry_after_ms_)).append(" ms)");
  }
  return text;
}

void StopForMisuse(const Status& status) {
  CHECK(!status.ok(), "a failure needs a status that is not ok");
  CHECK(false, "the value of a failure was taken; test ok() first: " + status.ToString());
}

}  // namespace smile
