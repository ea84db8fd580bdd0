#include "client/smilecat/dump_line.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "base/text.h"
#include "model/path.h"

namespace smile::cat {
namespace {

constexpr int64_t kMillisPerSecond = 1000;

Status NotADump(std::string_view words) {
  return {Code::kInvalid,
          fmt::format("{}; without --key a line is as `smilecat dump` writes it", words)};
}

Status ReadValue(const JsonObject& object, Bytes* value) {
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

}  // namespace

Result<Key> KeyOfRow(std::string_view path) {
  Result<Key> key = ParseKey(path);
  if (key.ok()) return key;
  return Status(key.status().code(), "has an invalid key: " + key.status().message());
}

std::string DumpLine(const KeyView& key, const RecordView& record) {
  nlohmann::ordered_json object;
  object["key"] = FormatKey(key);
  if (IsUtf8(record.value)) {
    object["value"] = record.value;
  } else {
    object["value_base64"] = ToBase64(record.value);
  }
  object["version"] = record.version;
  if (record.expires_ms != 0) object["expires_ms"] = record.expires_ms;
  return EscapeUnsafeJson(object.dump()) + "\n";
}

Result<LoadedRecord> ReadDumpRow(const Row& row, int64_t wall_millis) {
  if (!row.is_json()) return NotADump("is no JSON object");
  const JsonMember* const key = row.object->Find("key");
  if (key == nullptr || key->kind != JsonKind::kString) return NotADump("has no \"key\"");
  LoadedRecord record;
  SMILE_ASSIGN(record.key, KeyOfRow(key->text));
  SMILE_TRY(ReadValue(*row.object, &record.value));
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
