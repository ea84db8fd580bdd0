#include "client/smilecat/user_folder.h"

#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/progress.h"
#include "base/sha256.h"
#include "base/text.h"
#include "client/smilecat/input_file.h"
#include "client/smilecat/json_fields.h"

namespace smile::cat {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kExportFormat = "smilecat user export";
constexpr uint64_t kExportVersion = 1;

}  // namespace

std::string FileOf(UserPart part) {
  return fmt::format("{}.jsonl", kUserParts[static_cast<size_t>(part)].name);
}

std::string MediaFileOf(uint64_t media) {
  return fmt::format("{}/{}", kMediaFolder, media);
}

uint64_t UserCounts::sum() const {
  return std::accumulate(of.begin(), of.end(), uint64_t{0});
}

std::string UserCounts::ToString() const {
  std::string text;
  for (const UserPartInfo& info : kUserParts) {
    text +=
        fmt::format("{}{}", text.empty() ? "" : ", ", Counted((*this)[info.part], info.singular));
    if (info.part == UserPart::kMedia && media_bytes > 0) {
      text += fmt::format(" of {}", Counted(media_bytes, "byte"));
    }
  }
  return text;
}

std::string FormatManifest(const UserManifest& manifest) {
  Json object;
  object["format"] = kExportFormat;
  object["version"] = kExportVersion;
  object["user"] = manifest.user;
  object["server"] = manifest.server;
  object["time_ms"] = manifest.time_ms;
  object["credentials"] = manifest.credentials;
  object["sessions"] = false;  // they are never exported
  object["unreadable"] = manifest.unreadable;
  for (const UserPartInfo& info : kUserParts) {
    object["counts"][std::string(info.name)] = manifest.counts[info.part];
  }
  object["media_bytes"] = manifest.counts.media_bytes;
  for (const UserPartInfo& info : kUserParts) {
    object["sha256"][FileOf(info.part)] = manifest.sha256[static_cast<size_t>(info.part)];
  }
  return object.dump(2) + "\n";
}

Result<UserManifest> ReadManifest(ByteView text) {
  SMILE_ASSIGN(const JsonObject object, JsonObject::Parse(text));
  const Result<Bytes> format = TextField(object, "format");
  if (!format.ok() || *format != kExportFormat) {
    return Status(Code::kInvalid, "is not from `smilecat user export`");
  }
  SMILE_ASSIGN(const uint64_t version, NumberField(object, "version"));
  if (version != kExportVersion) {
    return Status(Code::kInvalid, fmt::format("is of format version {}; this smilecat reads {}",
                                              version, kExportVersion));
  }
  UserManifest manifest;
  SMILE_ASSIGN(manifest.user, NumberField(object, "user"));
  SMILE_ASSIGN(manifest.server, TextField(object, "server"));
  SMILE_ASSIGN(manifest.time_ms, NumberField(object, "time_ms"));
  SMILE_ASSIGN(manifest.credentials, BooleanField(object, "credentials"));
  SMILE_ASSIGN(manifest.unreadable, NumberField(object, "unreadable"));
  SMILE_ASSIGN(manifest.counts.media_bytes, NumberField(object, "media_bytes"));
  SMILE_ASSIGN(const JsonObject counts, ObjectField(object, "counts"));
  SMILE_ASSIGN(const JsonObject hashes, ObjectField(object, "sha256"));
  for (const UserPartInfo& info : kUserParts) {
    SMILE_ASSIGN(manifest.counts[info.part], NumberField(counts, info.name));
    SMILE_ASSIGN(manifest.sha256[static_cast<size_t>(info.part)],
                 TextField(hashes, FileOf(info.part)));
  }
  return manifest;
}

Result<HashedFile> HashFile(const std::string& path) {
  SMILE_ASSIGN(const std::unique_ptr<InputFile> file, InputFile::Open(path));
  Sha256 hash;
  HashedFile hashed;
  while (true) {
    SMILE_ASSIGN(const ByteView block, file->ReadBlock());
    if (block.empty()) break;
    hash.Update(block);
    hashed.size += block.size();
  }
  hashed.sha256 = hash.Digest().ToHex();
  return hashed;
}

}  // namespace smile::cat
