// Media records as values, for uploads and downloads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/media_operations.h"

namespace smile {

// A media record. As op::MediaInfo, but owns its bytes.
struct Media {
  uint64_t owner = 0;       // id of the owner
  uint64_t media = 0;       // id of the media record
  uint64_t size = 0;        // length of the content in bytes
  Bytes sha256;             // of the content, 32 bytes
  uint64_t created_ms = 0;  // time of the commit, Unix milliseconds
  Bytes content_type;       // such as image/jpeg
  Bytes name;               // such as a file name
  Bytes custom;             // any bytes

  Media() = default;
  // A copy of what a reply says.
  Media(uint64_t owner_id, const op::MediaInfo& info)
      : owner(owner_id),
        media(info.media),
        size(info.size),
        sha256(info.sha256),
        created_ms(info.created_ms),
        content_type(info.content_type),
        name(info.name),
        custom(info.custom) {}
};

}  // namespace smile
