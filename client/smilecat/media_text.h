// Media records and their names as text, for `smilecat media`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/media/media.h"
#include "protocol/media_info.h"

namespace smile::cat {

struct MediaName {
  uint64_t owner = 0;
  uint64_t media = 0;
};

// "42/7311": an owner and the id of a media record. kInvalid with a message.
Result<MediaName> ReadMediaName(std::string_view text);
std::string FormatMediaName(const MediaName& name);

// "0-99": the first 100 bytes; "100-": all after them.
Result<op::MediaRange> ReadMediaRange(std::string_view text);

// "42/7311  12345  image/jpeg  2026-11-27T04:00:00Z  cat.jpg", or a JSON object; with the line end.
// `file` is where the content came from or went to; may be empty.
std::string ShowMedia(const Media& media, std::string_view file, bool json);

// By the suffix of the name; application/octet-stream if it is not known.
std::string_view ContentTypeOf(std::string_view file_name);

}  // namespace smile::cat
