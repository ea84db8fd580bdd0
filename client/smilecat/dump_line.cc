#include "client/smilecat/dump_line.h"

#include <algorithm>

#include <fmt/format.h>

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

Status ReadValue(const Json& object, Bytes* value) {
  const auto text = object.find("value");
  const auto base64 = object.find("value_base64");
  if ((text == object.end()) == (base64 == object.end())) {
    return NotADump("has to have \"value\" or \"value_base64\"");
  }
  const Json& member = text != object.end() ? *text : *base64;
  if (!member.is_string()) return NotADump("has a value that is no text");
  const auto& content = member.get_ref<const std::string&>();
  if (text != object.end()) {
    *value = content;
    return {};
  }
  std::optional<Bytes> bytes = FromBase64(content);
  if (!bytes.has_value()) return NotADump("has a \"value_base64\" that is not base64");
  *value = std::move(*bytes);
  return {};
}

}  // namespace

std::string DumpLine(const KeyView& key, const RecordView& record) {
  Json object;
  object["key"] = FormatKey(key);
  if (IsUtf8(record.value)) {
    object["value"] = record.value;
  } else {
    object["value_base64"] = ToBase64(record.value);
  }
  object["version"] = record.version;
  if (record.expires_ms != 0) object["expires_ms"] = record.expires_ms;
  return object.dump() + "\n";
}

Result<LoadedRecord> ReadDumpRow(const Row& row, int64_t wall_millis) {
  if (!row.is_json()) return NotADump("is no JSON object");
  const auto key = row.object.find("key");
  if (key == row.object.end() || !key->is_string()) return NotADump("has no \"key\"");
  LoadedRecord record;
  SMILE_ASSIGN(record.key, ParseKey(key->get_ref<const std::string&>()));
  SMILE_TRY(ReadValue(row.object, &record.value));
  const auto expires = row.object.find("expires_ms");
  if (expires == row.object.end()) return record;
  if (!expires->is_number_unsigned()) return NotADump("has an \"expires_ms\" that is no time");
  const auto expires_ms = expires->get<uint64_t>();
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
