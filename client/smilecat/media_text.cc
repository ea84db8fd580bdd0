#include "client/smilecat/media_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/number_text.h"
#include "base/text.h"
#include "protocol/text_time.h"

namespace smile::cat {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<std::string_view, std::string_view>, 38> kContentTypes{
    {{"aac", "audio/aac"},         {"avi", "video/x-msvideo"},  {"avif", "image/avif"},
     {"bmp", "image/bmp"},         {"css", "text/css"},         {"csv", "text/csv"},
     {"flac", "audio/flac"},       {"gif", "image/gif"},        {"gz", "application/gzip"},
     {"heic", "image/heic"},       {"htm", "text/html"},        {"html", "text/html"},
     {"jpeg", "image/jpeg"},       {"jpg", "image/jpeg"},       {"js", "text/javascript"},
     {"json", "application/json"}, {"m4a", "audio/mp4"},        {"m4v", "video/mp4"},
     {"md", "text/markdown"},      {"mkv", "video/x-matroska"}, {"mov", "video/quicktime"},
     {"mp3", "audio/mpeg"},        {"mp4", "video/mp4"},        {"mpeg", "video/mpeg"},
     {"mpg", "video/mpeg"},        {"ogg", "audio/ogg"},        {"ogv", "video/ogg"},
     {"opus", "audio/opus"},       {"pdf", "application/pdf"},  {"png", "image/png"},
     {"svg", "image/svg+xml"},     {"tif", "image/tiff"},       {"tiff", "image/tiff"},
     {"txt", "text/plain"},        {"wav", "audio/wav"},        {"webm", "video/webm"},
     {"webp", "image/webp"},       {"zip", "application/zip"}}};

static_assert(std::is_sorted(kContentTypes.begin(), kContentTypes.end()));

}  // namespace

Result<MediaName> ReadMediaName(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const Result<uint64_t> owner = ReadInteger(text.substr(0, slash), 0, UINT64_MAX);
    const Result<uint64_t> media = ReadInteger(text.substr(slash + 1), 0, UINT64_MAX);
    if (owner.ok() && media.ok()) return MediaName{*owner, *media};
  }
  return Status(Code::kInvalid,
                fmt::format("\"{}\" is no OWNER/ID, such as 42/7311; `smilecat media list OWNER` "
                            "shows them",
                            text));
}

std::string FormatMediaName(const MediaName& name) {
  return fmt::format("{}/{}", name.owner, name.media);
}

Result<op::MediaRange> ReadMediaRange(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    const Result<uint64_t> first = ReadInteger(text.substr(0, dash), 0, UINT64_MAX);
    const std::string_view end = text.substr(dash + 1);
    if (first.ok() && end.empty()) return op::MediaRange{.offset = *first, .size = UINT64_MAX};
    const Result<uint64_t> last = ReadInteger(end, 0, UINT64_MAX - 1);
    if (first.ok() && last.ok() && *first <= *last) {
      return op::MediaRange{.offset = *first, .size = *last - *first + 1};
    }
  }
  return Status(Code::kInvalid,
                fmt::format("--range: \"{}\" is no range of bytes; 0-99 are the first hundred, "
                            "100- all after them",
                            text));
}

std::string ShowMedia(const Media& media, std::string_view file, bool json) {
  if (!json) {
    return fmt::format("{}/{}  {}  {}  {}  {}\n", media.owner, media.media, media.size,
                       media.content_type.empty() ? "-" : Printable(media.content_type),
                       FormatTime(media.created_ms),
                       Printable(media.name.empty() ? file : std::string_view(media.name)));
  }
  Json object;
  if (!file.empty()) object["file"] = file;
  object["owner"] = media.owner;
  object["media"] = media.media;
  object["size"] = media.size;
  object["sha256"] = ToHex(media.sha256);
  object["created_ms"] = media.created_ms;
  object["content_type"] = media.content_type;
  object["name"] = media.name;
  if (IsUtf8(media.custom)) {
    object["custom"] = media.custom;
  } else {
    object["custom_base64"] = ToBase64(media.custom);
  }
  return EscapeUnsafeJson(object.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

std::string_view ContentTypeOf(std::string_view file_name) {
  const size_t dot = file_name.rfind('.');
  if (dot != std::string_view::npos) {
    std::string suffix(file_name.substr(dot + 1));
    for (char& c : suffix) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto* const found = std::lower_bound(
        kContentTypes.begin(), kContentTypes.end(), suffix,
        [](const auto& type, const std::string& wanted) { return type.first < wanted; });
    if (found != kContentTypes.end() && found->first == suffix) return found->second;
  }
  return "application/octet-stream";
}

}  // namespace smile::cat
