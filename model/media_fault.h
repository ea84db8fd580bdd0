// What can be wrong with stored photos and videos.
#pragma once

#include <cstdint>

namespace smile {

// A fault that a check of media found.
enum class MediaFault : uint8_t {
  kDamagedRecord = 1,  // a record of media or content cannot be read
  kNoReference = 2,    // a media record whose content has no reference, or is gone
  kOtherContent = 3,   // a media record and its reference name different content
  kNoBytes = 4,        // content without its bytes, or with fewer or more of them
  kDamagedBytes = 5,   // bytes do not match their checksum or SHA-256
  kNoMediaRecord = 6,  // a reference without its media record; repair removes it
  kUnusedContent = 7,  // content that nothing refers to; repair deletes it
  kUnknownFile = 8,    // a file that is no content; repair deletes it
};

}  // namespace smile
