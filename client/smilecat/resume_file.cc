#include "client/smilecat/resume_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/hash.h"
#include "client/smilecat/output_file.h"

namespace smile::cat {
namespace {

constexpr uint64_t kHeadBytes = 4096;
constexpr int kFormat = 1;

struct CountName {
  const char* name;
  uint64_t LoadCounts::*count;
};
constexpr CountName kCountNames[] = {
    {"rows", &LoadCounts::rows},       {"written", &LoadCounts::written},
    {"present", &LoadCounts::present}, {"expired", &LoadCounts::expired},
    {"refused", &LoadCounts::refused}, {"bad_rows", &LoadCounts::bad_rows},
};

// False unless `object` has a number of this name.
bool ReadNumber(const Json& object, const char* name, uint64_t* number) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_number_unsigned()) return false;
  *number = member->get<uint64_t>();
  return true;
}

bool ReadText(const Json& object, const char* name, std::string* text) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return false;
  *text = member->get<std::string>();
  return true;
}

bool ReadPoint(const Json& object, ResumePoint* point) {
  uint64_t format = 0;
  bool read = object.is_object() && ReadNumber(object, "format", &format) && format == kFormat &&
              ReadText(object, "input", &point->identity.input) &&
              ReadNumber(object, "head_bytes", &point->identity.head_bytes) &&
              ReadNumber(object, "head_hash", &point->identity.head_hash) &&
              ReadText(object, "mapping", &point->identity.mapping) &&
              ReadNumber(object, "offset", &point->position.offset) &&
              ReadNumber(object, "line", &point->position.line) &&
              ReadNumber(object, "rows_before", &point->position.rows);
  for (const CountName& count : kCountNames) {
    read = read && ReadNumber(object, count.name, &(point->counts.*count.count));
  }
  return read;
}

}  // namespace

Result<LoadIdentity> IdentifyLoad(const std::string& input, const std::string& mapping,
                                  std::optional<uint64_t> head_bytes) {
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(input, error);
  if (error) {
    return Status(Code::kInvalid,
                  fmt::format("--resume needs a file to go on in; {} is not one", input));
  }
  LoadIdentity identity{.input = input, .mapping = mapping};
  Bytes head(std::min(size, head_bytes.value_or(kHeadBytes)), '\0');
  std::ifstream file(input, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (!file) return Status(Code::kInvalid, fmt::format("cannot read {}", input));
  identity.head_bytes = head.size();
  identity.head_hash = Hash64(head);
  return identity;
}

Result<std::optional<ResumePoint>> ReadResumeFile(const std::string& path) {
  if (!std::filesystem::exists(path)) return std::optional<ResumePoint>();
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  ResumePoint point;
  if (file && ReadPoint(Json::parse(text.str(), nullptr, /*allow_exceptions=*/false), &point)) {
    return std::optional<ResumePoint>(std::move(point));
  }
  return Status(Code::kInvalid,
                fmt::format("{} is not a position of a load; remove it to begin anew", path));
}

Status WriteResumeFile(const std::string& path, const ResumePoint& point) {
  Json object;
  object["format"] = kFormat;
  object["input"] = point.identity.input;
  object["head_bytes"] = point.identity.head_bytes;
  object["head_hash"] = point.identity.head_hash;
  object["mapping"] = point.identity.mapping;
  object["offset"] = point.position.offset;
  object["line"] = point.position.line;
  object["rows_before"] = point.position.rows;
  for (const CountName& count : kCountNames) object[count.name] = point.counts.*count.count;
  SMILE_ASSIGN(const std::string text, ToText(object));
  return ReplaceFile(path, text + "\n");
}

}  // namespace smile::cat
