#include "client/smilecat/user_reader.h"

#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/progress.h"
#include "base/text.h"
#include "client/smilecat/row_reader.h"

namespace smile::cat {
namespace {

namespace fs = std::filesystem;

Table TableOf(UserPart part) {
  return part == UserPart::kRecords ? Table::kUsers
         : part == UserPart::kPosts ? Table::kPosts
                                    : Table::kLinks;
}

// A record of the exported user, which becomes one of `user`.
Result<LoadedRecord> ReadRecord(const Row& row, UserPart part, const UserManifest& manifest,
                                uint64_t user, int64_t wall_millis) {
  SMILE_ASSIGN(LoadedRecord record, ReadDumpRow(row, LinkKinds(), wall_millis));
  if (record.key.table != TableOf(part) || record.key.partition != PartitionOf(manifest.user)) {
    return Status(Code::kInvalid, fmt::format("has a key that is not of {}/{}",
                                              InfoOf(TableOf(part)).name, manifest.user));
  }
  const size_t max = part == UserPart::kLinks ? limits::kMaxLinkValueBytes : limits::kMaxValueBytes;
  if (record.value.size() > max) {
    return Status(Code::kInvalid,
                  fmt::format("has a value of {} bytes, more than {}", record.value.size(), max));
  }
  record.key.partition = PartitionOf(user);
  return record;
}

Result<Media> ReadMedia(const Row& row, uint64_t user) {
  SMILE_ASSIGN(Media media, ReadMediaLine(*row.object));
  media.owner = user;
  return media;
}

Result<UserLogin> ReadLogin(const Row& row, const UserManifest& manifest) {
  SMILE_ASSIGN(UserLogin login, ReadLoginLine(*row.object));
  if (login.credential.has_value() == manifest.credentials) return login;
  return Status(Code::kInvalid, fmt::format("has {} credential, but {} says otherwise",
                                            manifest.credentials ? "no" : "a", kManifestFile));
}

// That it is what `type` says, and no symbolic link to such a thing.
Status CheckType(const fs::path& path, fs::file_type type) {
  std::error_code error;
  const fs::file_type found = fs::symlink_status(path, error).type();
  if (found == type) return {};
  if (found == fs::file_type::not_found || found == fs::file_type::none) {
    return {Code::kInvalid, fmt::format("cannot open {}: {}", path.string(), error.message())};
  }
  return {Code::kInvalid, fmt::format("{}: is {}, not a {}", path.string(),
                                      found == fs::file_type::symlink     ? "a symbolic link"
                                      : found == fs::file_type::directory ? "a folder"
                                      : found == fs::file_type::regular   ? "a file"
                                                                          : "a device or pipe",
                                      type == fs::file_type::directory ? "folder" : "file")};
}

Result<std::string> ReadText(const std::string& path) {
  constexpr size_t kMaxBytes = size_t{1} << 20;
  SMILE_ASSIGN(const std::unique_ptr<InputFile> file, InputFile::Open(path));
  std::string text;
  while (true) {
    SMILE_ASSIGN(const ByteView block, file->ReadBlock());
    if (block.empty()) return text;
    text += block;
    if (text.size() > kMaxBytes) {
      return Status(Code::kInvalid, fmt::format("{}: is too large", path));
    }
  }
}

}  // namespace

Result<UserReader> UserReader::Open(std::string path, const Clock* clock) {
  const std::string file = path + "/" + kManifestFile;
  SMILE_TRY(CheckType(file, fs::file_type::regular));
  SMILE_ASSIGN(const std::string text, ReadText(file));
  Result<UserManifest> manifest = ReadManifest(text);
  if (!manifest.ok()) {
    return Status(Code::kInvalid, fmt::format("{}: {}", file, manifest.status().message()));
  }
  return UserReader(std::move(path), clock, std::move(*manifest));
}

Status UserReader::CheckIsFile(const std::string& name) const {
  const fs::path folder = fs::path(name).parent_path();
  if (!folder.empty()) SMILE_TRY(CheckType(PathOf(folder.string()), fs::file_type::directory));
  return CheckType(PathOf(name), fs::file_type::regular);
}

Result<uint64_t> UserReader::Bytes() const {
  uint64_t bytes = manifest_.counts.media_bytes;
  for (const UserPartInfo& info : kUserParts) {
    SMILE_TRY(CheckIsFile(FileOf(info.part)));
    const std::string path = PathOf(FileOf(info.part));
    std::error_code error;
    bytes += fs::file_size(path, error);
    if (error) {
      return Status(Code::kInvalid, fmt::format("cannot read {}: {}", path, error.message()));
    }
  }
  return bytes;
}

Status UserReader::ForEachRow(UserPart part, uint64_t user,
                              const std::function<Status(UserRow row)>& take) const {
  const std::string path = PathOf(FileOf(part));
  SMILE_ASSIGN(std::unique_ptr<InputFile> file, InputFile::Open(path));
  SMILE_ASSIGN(const std::unique_ptr<RowReader> reader,
               RowReader::Open(std::move(file), RowFormat::kJsonLines));
  uint64_t offset = 0;
  while (true) {
    Row row;
    const RowEvent event = reader->Next(&row);
    if (event == RowEvent::kEnd) return {};
    if (event == RowEvent::kFailed) return reader->error();
    UserRow read{.lines = reader->row_lines(),
                 .next = reader->position(),
                 .bytes = reader->position().offset - offset,
                 .content = {}};
    offset = reader->position().offset;
    Status status = reader->error();
    if (event == RowEvent::kRow && part == UserPart::kMedia) {
      Result<Media> media = ReadMedia(row, user);
      status = media.status();
      if (media.ok()) read.content = std::move(*media);
    } else if (event == RowEvent::kRow && part == UserPart::kLogins) {
      Result<UserLogin> login = ReadLogin(row, manifest_);
      status = login.status();
      if (login.ok()) read.content = std::move(*login);
    } else if (event == RowEvent::kRow) {
      Result<LoadedRecord> record = ReadRecord(row, part, manifest_, user, clock_->WallMillis());
      status = record.status();
      if (record.ok()) read.content = std::move(*record);
    }
    if (!status.ok()) {
      return {Code::kInvalid,
              fmt::format("{}: {}: the row {}", path, read.lines.ToString(), status.message())};
    }
    SMILE_TRY(take(std::move(read)));
  }
}

Status UserReader::Verify(UserPart part, const std::function<Status(UserRow row)>& take) const {
  uint64_t rows = 0;
  SMILE_TRY(ForEachRow(part, manifest_.user, [&](UserRow row) {
    ++rows;
    return take(std::move(row));
  }));
  const std::string path = PathOf(FileOf(part));
  if (rows != manifest_.counts[part]) {
    return {Code::kInvalid, fmt::format("{}: has {}, but {} says {}", path, Counted(rows, "row"),
                                        kManifestFile, WithCommas(manifest_.counts[part]))};
  }
  SMILE_ASSIGN(const HashedFile hashed, HashFile(path));
  if (hashed.sha256 == manifest_.sha256[static_cast<size_t>(part)]) return {};
  return {Code::kInvalid, fmt::format("{}: was changed after the export: its SHA-256 is not that "
                                      "in {}",
                                      path, kManifestFile)};
}

Status UserReader::VerifyContent(const Media& media) const {
  const std::string path = PathOf(MediaFileOf(media.media));
  SMILE_TRY(CheckIsFile(MediaFileOf(media.media)));
  SMILE_ASSIGN(const HashedFile hashed, HashFile(path));
  if (hashed.size == media.size && hashed.sha256 == ToHex(media.sha256)) return {};
  return {Code::kInvalid, fmt::format("{}: was changed after the export: its size or SHA-256 is "
                                      "not that in {}",
                                      path, FileOf(UserPart::kMedia))};
}

}  // namespace smile::cat
