#include "client/smilecat/user_line.h"

#include <optional>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "client/smilecat/json_fields.h"

namespace smile::cat {
namespace {

using Json = nlohmann::ordered_json;

void AddBytes(const std::string& name, ByteView bytes, Json* object) {
  if (IsUtf8(bytes)) {
    (*object)[name] = bytes;
  } else {
    (*object)[name + "_base64"] = ToBase64(bytes);
  }
}

std::string LineOf(const Json& object) {
  return EscapeUnsafeJson(object.dump()) + "\n";
}

}  // namespace

std::string MediaLine(const Media& media) {
  Json object;
  object["media"] = media.media;
  object["size"] = media.size;
  object["sha256"] = ToHex(media.sha256);
  object["created_ms"] = media.created_ms;
  AddBytes("content_type", media.content_type, &object);
  AddBytes("name", media.name, &object);
  AddBytes("custom", media.custom, &object);
  return LineOf(object);
}

Result<Media> ReadMediaLine(const JsonObject& object) {
  Media media;
  SMILE_ASSIGN(media.media, NumberField(object, "media"));
  if (media.media == 0) return LacksField("media", "an id");
  SMILE_ASSIGN(media.size, NumberField(object, "size"));
  SMILE_ASSIGN(media.created_ms, NumberField(object, "created_ms"));
  SMILE_ASSIGN(const Bytes sha256, TextField(object, "sha256"));
  const std::optional<Bytes> digest = FromHex(sha256);
  if (!digest.has_value() || digest->size() != kSha256Bytes) {
    return LacksField("sha256", "64 hexadecimal digits");
  }
  media.sha256 = *digest;
  SMILE_ASSIGN(media.content_type, BytesField(object, "content_type"));
  SMILE_ASSIGN(media.name, BytesField(object, "name"));
  SMILE_ASSIGN(media.custom, BytesField(object, "custom"));
  return media;
}

std::string LoginLine(const UserLogin& login) {
  Json object;
  AddBytes("login", login.login, &object);
  object["form"] = login.form;
  object["created_ms"] = login.created_ms;
  object["changed_ms"] = login.changed_ms;
  if (login.credential.has_value()) AddBytes("credential", *login.credential, &object);
  return LineOf(object);
}

Result<UserLogin> ReadLoginLine(const JsonObject& object) {
  UserLogin login;
  SMILE_ASSIGN(login.login, BytesField(object, "login"));
  SMILE_ASSIGN(login.form, TextField(object, "form"));
  SMILE_ASSIGN(login.created_ms, NumberField(object, "created_ms"));
  SMILE_ASSIGN(login.changed_ms, NumberField(object, "changed_ms"));
  if (object.Find("credential") != nullptr || object.Find("credential_base64") != nullptr) {
    SMILE_ASSIGN(login.credential, BytesField(object, "credential"));
  }
  return login;
}

}  // namespace smile::cat
