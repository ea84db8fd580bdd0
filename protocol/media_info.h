// What messages on media have in common.
#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/field.h"

namespace smile {

inline constexpr size_t kUploadIdBytes = 16;                         // length of an upload id
inline constexpr size_t kSha256Bytes = 32;                           // length of a SHA-256
inline constexpr uint32_t kDefaultPieceBytes = uint32_t{256} << 10;  // of an upload
inline constexpr uint32_t kMaxPieceBytes = uint32_t{1} << 20;        // of an upload or a read

namespace op {

// A media record.
struct MediaInfo {
  uint64_t media = 0;
  uint64_t size = 0;
  ByteView sha256 = {};
  uint64_t created_ms = 0;
  ByteView content_type = {};
  ByteView name = {};
  ByteView custom = {};

  static constexpr auto Fields() {
    return FieldList{Field<&MediaInfo::media>{"media", "id of the media record"},
                     Field<&MediaInfo::size>{"size", "length of the content in bytes"},
                     Field<&MediaInfo::sha256>{"sha256", "SHA-256 of the content, 32 bytes", 0,
                                               TextForm::kOpaque},
                     Field<&MediaInfo::created_ms>{
                         "created_ms", "time of the commit, Unix milliseconds", 0, TextForm::kPast},
                     Field<&MediaInfo::content_type>{"content_type", "such as image/jpeg"},
                     Field<&MediaInfo::name>{"name", "such as a file name"},
                     Field<&MediaInfo::custom>{"custom", "any bytes"}};
  }
};

}  // namespace op

}  // namespace smile
