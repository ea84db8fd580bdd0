// What all content stores answer for content that cannot be read.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace smile {

inline Status NoSuchContent() {
  return {Code::kNotFound, "no such content"};
}

inline Status DamagedContent() {
  return {Code::kCorrupt, "the content is damaged at this offset"};
}

inline Status BeyondTheContent(uint64_t content_size) {
  return {Code::kInvalid, "the offset is beyond the end of the content, which has " +
                              std::to_string(content_size) + " bytes"};
}

}  // namespace smile
