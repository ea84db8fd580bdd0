// The folder of `smilecat user export`:
//
//   user.json       what it is of, and how much (UserManifest)
//   records.jsonl   records of `users`, as `smilecat dump` writes them
//   posts.jsonl     posts, likewise
//   links.jsonl     links, likewise
//   logins.jsonl    client/smilecat/user_line.h
//   media.jsonl     likewise
//   media/ID        the content of a photo or video
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace smile::cat {

// The order in which they are exported and imported: who can log in finds all else.
enum class UserPart : uint8_t { kRecords, kPosts, kLinks, kMedia, kLogins };

struct UserPartInfo {
  UserPart part;
  std::string_view name;      // "records"
  std::string_view singular;  // "record"
};

inline constexpr std::array<UserPartInfo, 5> kUserParts{{
    {UserPart::kRecords, "records", "record"},
    {UserPart::kPosts, "posts", "post"},
    {UserPart::kLinks, "links", "link"},
    {UserPart::kMedia, "media", "media record"},
    {UserPart::kLogins, "logins", "login"},
}};

inline constexpr const char* kManifestFile = "user.json";
inline constexpr const char* kMediaFolder = "media";
// "records.jsonl"
std::string FileOf(UserPart part);
// "media/7311"
std::string MediaFileOf(uint64_t media);

struct UserCounts {
  std::array<uint64_t, kUserParts.size()> of{};  // by UserPart
  uint64_t media_bytes = 0;

  uint64_t& operator[](UserPart part) { return of[static_cast<size_t>(part)]; }
  uint64_t operator[](UserPart part) const { return of[static_cast<size_t>(part)]; }
  uint64_t sum() const;
  // "3 records, 2 posts, 1 link, 1 media record of 12,345 bytes, 0 logins"
  std::string ToString() const;
  bool operator==(const UserCounts& other) const = default;
};

struct UserManifest {
  uint64_t user = 0;
  std::string server;
  uint64_t time_ms = 0;      // when the export began
  bool credentials = false;  // whether the logins have theirs
  uint64_t unreadable = 0;
  UserCounts counts;
  std::array<Bytes, kUserParts.size()> sha256;  // of the files, by UserPart; hexadecimal

  bool operator==(const UserManifest& other) const = default;
};

std::string FormatManifest(const UserManifest& manifest);
// kInvalid, with a message that continues the file's name.
Result<UserManifest> ReadManifest(ByteView text);

struct HashedFile {
  uint64_t size = 0;
  Bytes sha256;  // hexadecimal
};
// kInvalid, with a message that names the file, if it cannot be read.
Result<HashedFile> HashFile(const std::string& path);

}  // namespace smile::cat
