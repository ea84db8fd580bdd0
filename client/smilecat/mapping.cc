#include "client/smilecat/mapping.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "base/limits.h"
#include "client/smilecat/login_path.h"
#include "model/path.h"

namespace smile::cat {
namespace {

Status CheckOptions(const MappingOptions& options, bool is_csv) {
  if (options.value.has_value() && options.json.has_value()) {
    return {Code::kInvalid, "--value and --json both say what the value is: give one of them"};
  }
  if (!options.keys.empty()) return {};
  if (is_csv) {
    return {Code::kInvalid,
            "a CSV file needs --key: the path of a row's record, such as 'users/{id}/profile'"};
  }
  const bool has_mapping = options.value.has_value() || options.json.has_value() ||
                           !options.expire.empty() || !options.table.empty();
  if (!has_mapping) return {};
  return {Code::kInvalid,
          "--table, --value, --json and --expire need --key: without it each line is taken as "
          "`smilecat dump` writes it"};
}

// What a record may have and a login cannot.
Status CheckLogin(const LoadedRecord& record) {
  if (record.key.table != Table::kLogins) return {};
  if (record.expire_seconds) return {Code::kInvalid, "makes a login with a TTL, which has none"};
  return ParseLoginValue(record.value).status();
}

// What a record may have and a link cannot.
Status CheckLink(const LoadedRecord& record) {
  if (record.key.table != Table::kLinks) return {};
  if (record.expire_seconds) return {Code::kInvalid, "makes a link with a TTL, which has none"};
  if (record.value.size() <= limits::kMaxLinkValueBytes) return {};
  return {Code::kTooLarge, fmt::format("makes a value of {} bytes; a link takes {}",
                                       record.value.size(), limits::kMaxLinkValueBytes)};
}

}  // namespace

Result<Mapping> Mapping::Make(const MappingOptions& options,
                              const std::vector<std::string>* columns) {
  SMILE_TRY(CheckOptions(options, columns != nullptr));
  Mapping mapping;
  mapping.link_kinds_ = options.link_kinds;
  for (const std::string& key : options.keys) {
    const std::string path = options.table.empty() ? key : options.table + "/" + key;
    SMILE_ASSIGN(Template keys, Template::Parse(path, columns));
    mapping.keys_.push_back(std::move(keys));
  }
  if (options.value.has_value()) {
    SMILE_ASSIGN(mapping.value_, Template::Parse(*options.value, columns));
  }
  std::vector<std::string> members = options.json.value_or(std::vector<std::string>());
  if (members.empty() && columns != nullptr) members = *columns;
  std::set<std::string_view> names;
  for (const std::string& name : members) {
    if (!names.insert(name).second) {
      return Status(Code::kInvalid, fmt::format("--json-value names \"{}\" twice", name));
    }
    SMILE_ASSIGN(Column column, FindColumn(name, columns));
    mapping.members_.push_back(std::move(column));
  }
  if (!options.expire.empty()) {
    SMILE_ASSIGN(mapping.expire_, Template::Parse(options.expire, columns));
  }
  return mapping;
}

Result<std::vector<LoadedRecord>> Mapping::Apply(const Row& row, int64_t wall_millis) const {
  std::vector<LoadedRecord> records;
  if (keys_.empty()) {
    SMILE_ASSIGN(LoadedRecord record, ReadDumpRow(row, link_kinds_, wall_millis));
    records.push_back(std::move(record));
  } else {
    SMILE_ASSIGN(const Bytes value, ValueOf(row));
    SMILE_ASSIGN(const std::optional<uint32_t> expire_seconds, ExpiryOf(row));
    for (const Template& key : keys_) {
      SMILE_ASSIGN(const Bytes path, key.FillPath(row));
      SMILE_ASSIGN(Key parsed, KeyOfRow(path, link_kinds_));
      const bool again = std::any_of(records.begin(), records.end(),
                                     [&](const auto& record) { return record.key == parsed; });
      if (!again) records.push_back({std::move(parsed), value, expire_seconds});
    }
  }
  for (const LoadedRecord& record : records) {
    SMILE_TRY(CheckLink(record));
    SMILE_TRY(CheckLogin(record));
  }
  if (records[0].value.size() > limits::kMaxValueBytes) {
    return Status(Code::kTooLarge, fmt::format("makes a value of {} bytes; a record takes {}",
                                               records[0].value.size(), limits::kMaxValueBytes));
  }
  return records;
}

Result<Bytes> Mapping::ValueOf(const Row& row) const {
  if (value_.has_value()) return value_->Fill(row);
  JsonObjectWriter value;
  if (members_.empty()) {
    for (const JsonMember& member : row.object->members()) {
      SMILE_TRY(value.Add(member.name, member.json));
    }
  }
  for (const Column& column : members_) {
    SMILE_ASSIGN(const std::string json, row.Json(column));
    SMILE_TRY(value.Add(column.name, json));
  }
  return std::move(value).Finish();
}

Result<std::optional<uint32_t>> Mapping::ExpiryOf(const Row& row) const {
  if (!expire_.has_value()) return std::optional<uint32_t>();
  SMILE_ASSIGN(const Bytes text, expire_->Fill(row));
  uint32_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, seconds);
  if (error == std::errc() && rest == end && seconds >= 1 && seconds <= limits::kMaxExpirySeconds) {
    return std::optional<uint32_t>(seconds);
  }
  return Status(Code::kInvalid,
                fmt::format("has the TTL \"{}\", which is not a number of seconds from 1 to {}",
                            text, limits::kMaxExpirySeconds));
}

}  // namespace smile::cat
