// The lines of media.jsonl and logins.jsonl in the folder of `smilecat user export`:
//
//   {"media":7311,"size":3,"sha256":"ba78…","created_ms":1767225600000,
//    "content_type":"image/jpeg","name":"cat.jpg","custom":""}
//   {"login":"ada@example.org","form":"argon2id","created_ms":1767225600000,
//    "changed_ms":1767225600000,"credential":"$argon2id$…"}
//
// A login has a credential if the export is one with credentials.
// Bytes that are not UTF-8 stand in "name_base64" instead of "name", and so on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "client/media/media.h"
#include "client/smilecat/json_object.h"

namespace smile::cat {

// With the line end.
std::string MediaLine(const Media& media);
// Without the owner. kInvalid, with a message that continues "the row".
Result<Media> ReadMediaLine(const JsonObject& object);

struct UserLogin {
  Bytes login;
  Bytes form;  // how its password is stored: "argon2id"
  uint64_t created_ms = 0;
  uint64_t changed_ms = 0;
  std::optional<Bytes> credential;  // empty: no password matches

  bool operator==(const UserLogin& other) const = default;
};

// With the line end.
std::string LoginLine(const UserLogin& login);
// kInvalid, with a message that continues "the row" and has nothing of the credential.
Result<UserLogin> ReadLoginLine(const JsonObject& object);

}  // namespace smile::cat
