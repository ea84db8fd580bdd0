#include "client/smilecat/dump_line.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/text.h"
#include "client/smilecat/link_path.h"
#include "client/smilecat/login_path.h"
#include "model/path.h"

namespace smile::cat {
namespace {

constexpr int64_t kMillisPerSecond = 1000;

Status NotADump(std::string_view words) {
  return {Code::kInvalid,
          fmt::format("{}; it has to be a line as `smilecat dump` writes it", words)};
}

Status ReadValueOf(const JsonObject& object, Bytes* value) {
  const JsonMember* const text = object.Find("value");
  const JsonMember* const base64 = object.Find("value_base64");
  if ((text == nullptr) == (base64 == nullptr)) {
    return NotADump("has to have \"value\" or \"value_base64\"");
  }
  const JsonMember& member = text != nullptr ? *text : *base64;
  if (member.kind != JsonKind::kString) return NotADump("has a value that is no text");
  if (text != nullptr) {
    *value = member.text;
    return {};
  }
  std::optional<Bytes> bytes = FromBase64(member.text);
  if (!bytes.has_value()) return NotADump("has a \"value_base64\" that is not base64");
  *value = std::move(*bytes);
  return {};
}

void AddValue(ByteView value, nlohmann::ordered_json* object) {
  if (IsUtf8(value)) {
    (*object)["value"] = value;
  } else {
    (*object)["value_base64"] = ToBase64(value);
  }
}

Status ReadLink(const JsonObject& object, LoadedRecord* record) {
  if (const JsonMember* const time = object.Find("time_ms"); time != nullptr) {
    record->time_ms.emplace();
    if (!ReadNumber(*time, &*record->time_ms)) return NotADump("has a \"time_ms\" that is no time");
  }
  const JsonMember* const inverse = object.Find("inverse");
  if (inverse == nullptr) return {};
  uint64_t kind = 0;
  if (!ReadNumber(*inverse, &kind) || kind == 0 || kind > UINT8_MAX) {
    return NotADump("has an \"inverse\" that is no number from 1 to 255");
  }
  record->inverse = static_cast<uint8_t>(kind);
  return {};
}

}  // namespace

Result<Key> KeyOfRow(std::string_view path, const LinkKinds& kinds) {
  const auto invalid = [](const Status& status) {
    return Status(status.code(), "has an invalid key: " + status.message());
  };
  if (IsLinkPath(path)) {
    const Result<LinkName> link = ParseLinkPath(path, kinds);
    if (!link.ok()) return invalid(link.status());
    return LinkKey(link->user, LinkKind{link->kind}, link->other);
  }
  if (IsLoginPath(path)) {
    const Result<Bytes> login = ParseLoginPath(path);
    if (!login.ok()) return invalid(login.status());
    return LoginKey(*login);
  }
  Result<Key> key = ParseKey(path);
  if (!key.ok()) return invalid(key.status());
  return key;
}

std::string DumpLine(const KeyView& key, const RecordView& record) {
  nlohmann::ordered_json object;
  object["key"] = FormatKey(key);
  AddValue(record.value, &object);
  object["version"] = record.version;
  if (record.expires_ms != 0) object["expires_ms"] = record.expires_ms;
  return EscapeUnsafeJson(object.dump()) + "\n";
}

std::string DumpLine(uint64_t user, uint8_t kind, const op::LinkEntry& link,
                     const LinkKinds& kinds) {
  nlohmann::ordered_json object;
  object["key"] = FormatLink({user, kind, link.other}, kinds);
  AddValue(link.value, &object);
  object["time_ms"] = link.time_ms;
  if (LinkKind{link.inverse} != InverseOf(LinkKind{kind})) object["inverse"] = link.inverse;
  return EscapeUnsafeJson(object.dump()) + "\n";
}

std::string DumpLine(const op::LoginCredential& login) {
  nlohmann::ordered_json object;
  object["key"] = FormatKey(LoginKey(login.login).view());
  AddValue(FormatLoginValue({login.user, login.credential}), &object);
  return EscapeUnsafeJson(object.dump()) + "\n";
}

Result<LoadedRecord> ReadDumpRow(const Row& row, const LinkKinds& kinds, int64_t wall_millis) {
  if (!row.is_json()) return NotADump("is no JSON object");
  const JsonMember* const key = row.object->Find("key");
  if (key == nullptr || key->kind != JsonKind::kString) return NotADump("has no \"key\"");
  LoadedRecord record;
  SMILE_ASSIGN(record.key, KeyOfRow(key->text, kinds));
  SMILE_TRY(ReadValueOf(*row.object, &record.value));
  if (record.key.table == Table::kLinks) SMILE_TRY(ReadLink(*row.object, &record));
  const JsonMember* const expires = row.object->Find("expires_ms");
  if (expires == nullptr) return record;
  uint64_t expires_ms = 0;
  if (!ReadNumber(*expires, &expires_ms)) {
    return NotADump("has an \"expires_ms\" that is no time");
  }
  if (expires_ms == 0) return record;
  const auto now = static_cast<uint64_t>(wall_millis);
  record.expired = expires_ms <= now;
  const uint64_t left = record.expired ? 0 : expires_ms - now;
  const uint64_t seconds = left / kMillisPerSecond + (left % kMillisPerSecond != 0 ? 1 : 0);
  record.expire_seconds =
      static_cast<uint32_t>(std::min<uint64_t>(seconds, limits::kMaxExpirySeconds));
  return record;
}

}  // namespace smile::cat
