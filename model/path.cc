#include "model/path.h"

#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "base/coding.h"
#include "base/limits.h"
#include "base/text.h"

namespace smile {
namespace {

constexpr bool PathsHaveOneSortPart() {
  for (const TableInfo& table : ClientTables()) {
    if (table.sort_part_count > 1) return false;
  }
  return true;
}
static_assert(PathsHaveOneSortPart(), "a path of a partition and some sort parts names nothing");

void AppendEscapedName(ByteView name, std::string* text) {
  while (!name.empty()) {
    const size_t size = Utf8SequenceSize(name);
    const auto lead = static_cast<uint8_t>(name[0]);
    const bool verbatim =
        size > 0 && !IsUnsafe(name, size) && lead != ' ' && lead != '/' && lead != '%';
    if (verbatim) {
      text->append(name.substr(0, size));
      name.remove_prefix(size);
    } else {
      text->append(fmt::format("%{:02X}", lead));
      name.remove_prefix(1);
    }
  }
}

bool UnescapeName(std::string_view text, Bytes* name) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      name->push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return false;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return false;
    name->push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return true;
}

template <std::unsigned_integral T>
bool ParseNumber(std::string_view text, T* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

template <std::unsigned_integral T>
bool AppendNumber(std::string_view text, Bytes* out) {
  T value = 0;
  if (!ParseNumber(text, &value)) return false;
  AppendBig(out, value);
  return true;
}

bool AppendNamedNumber(const Part& part, std::string_view text, Bytes* out) {
  for (const NumberName& known : part.number_names) {
    if (known.name == text) {
      out->push_back(static_cast<char>(known.number));
      return true;
    }
  }
  return AppendNumber<uint8_t>(text, out);
}

bool AppendHex(std::string_view text, size_t size, Bytes* out) {
  const std::optional<Bytes> bytes = FromHex(text);
  if (!bytes.has_value() || bytes->size() != size) return false;
  out->append(*bytes);
  return true;
}

std::string ExpectedFor(const Part& part) {
  switch (part.type) {
    case PartType::kU64:
      return "an integer from 0 to 18446744073709551615";
    case PartType::kU32:
      return "an integer from 0 to 4294967295";
    case PartType::kU8: {
      std::string names;
      for (const NumberName& known : part.number_names) names.append(known.name).append(", ");
      return names + "or an integer from 0 to 255";
    }
    case PartType::kBytes16:
      return "32 hexadecimal digits";
    case PartType::kBytes32:
      return "64 hexadecimal digits";
    case PartType::kName:
      return fmt::format("1 to {} bytes, with '/' written as %2F and '%' as %25",
                         limits::kMaxNameBytes);
  }
  return {};
}

Status AppendPart(const TableInfo& table, const Part& part, std::string_view text, Bytes* out) {
  const size_t before = out->size();
  bool read = false;
  switch (part.type) {
    case PartType::kU64:
      read = AppendNumber<uint64_t>(text, out);
      break;
    case PartType::kU32:
      read = AppendNumber<uint32_t>(text, out);
      break;
    case PartType::kU8:
      read = AppendNamedNumber(part, text, out);
      break;
    case PartType::kBytes16:
    case PartType::kBytes32:
      read = AppendHex(text, WidthOf(part.type), out);
      break;
    case PartType::kName: {
      Bytes name;
      read = UnescapeName(text, &name) && !name.empty() && name.size() <= limits::kMaxNameBytes;
      out->append(name);
      break;
    }
  }
  if (read) {
    const size_t appended = out->size() - before;
    CHECK(part.type == PartType::kName ? appended > 0 && appended <= limits::kMaxNameBytes
                                       : appended == WidthOf(part.type));
    return {};
  }
  return {Code::kInvalid, fmt::format("\"{}\" is not a valid {} in {}: it must be {}", text,
                                      part.name, table.name, ExpectedFor(part))};
}

void FormatPart(const Part& part, ByteView bytes, std::string* text) {
  CHECK(part.type == PartType::kName || bytes.size() == WidthOf(part.type));
  switch (part.type) {
    case PartType::kU64:
      text->append(std::to_string(LoadBig<uint64_t>(bytes.data())));
      return;
    case PartType::kU32:
      text->append(std::to_string(LoadBig<uint32_t>(bytes.data())));
      return;
    case PartType::kU8: {
      const auto number = static_cast<uint8_t>(bytes[0]);
      for (const NumberName& known : part.number_names) {
        if (known.number == number) {
          text->append(known.name);
          return;
        }
      }
      text->append(std::to_string(number));
      return;
    }
    case PartType::kBytes16:
    case PartType::kBytes32:
      text->append(ToHex(bytes));
      return;
    case PartType::kName:
      AppendEscapedName(bytes, text);
      return;
  }
}

std::vector<std::string_view> SplitAtSlashes(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (true) {
    const size_t slash = text.find('/');
    pieces.push_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return pieces;
    text.remove_prefix(slash + 1);
  }
}

// "users/USER/RECORD"
std::string ShapeOf(const TableInfo& table) {
  std::string shape(table.name);
  const auto add = [&](const Part& part) {
    shape.push_back('/');
    for (const char c : part.name) shape.push_back(static_cast<char>(c - 'a' + 'A'));
  };
  add(table.partition);
  for (const Part& part : table.sort()) add(part);
  return shape;
}

Status UnknownTable(std::string_view name) {
  std::string names;
  for (const TableInfo& table : ClientTables()) {
    names.append(names.empty() ? "" : ", ").append(table.name);
  }
  return {Code::kInvalid, fmt::format("unknown table \"{}\"; the tables are {}", name, names)};
}

Status InternalTable(const TableInfo& table) {
  return {
      Code::kInvalid,
      fmt::format("the records of \"{}\" are the server's own: for logins there are the "
                  "operations login_register, login_verify and others, for links link, link_list "
                  "and others, for photos and videos media_put, media_list and others",
                  table.name)};
}

Result<Path> Parse(std::string_view text, bool of_clients) {
  std::vector<std::string_view> pieces = SplitAtSlashes(text);
  if (pieces.size() > 1 && pieces.back().empty()) pieces.pop_back();  // users/42/ is users/42
  CHECK(!pieces.empty());
  const TableInfo* table = FindTable(pieces[0]);
  if (table == nullptr) return UnknownTable(pieces[0]);
  if (of_clients ? table->internal : !table->listed) return InternalTable(*table);
  const size_t whole = 2 + table->sort_part_count;
  if (pieces.size() > whole) {
    return Status(Code::kInvalid,
                  fmt::format("\"{}\" has too many parts; the form in this table is {}", text,
                              ShapeOf(*table)));
  }
  Path path;
  path.key.table = table->table;
  if (pieces.size() == 1) return path;
  SMILE_TRY(AppendPart(*table, table->partition, pieces[1], &path.key.partition));
  path.kind = Path::Kind::kPartition;
  for (size_t i = 2; i < pieces.size(); ++i) {
    SMILE_TRY(AppendPart(*table, table->sort_parts[i - 2], pieces[i], &path.key.sort));
  }
  if (pieces.size() < whole) return path;
  SMILE_TRY(ValidateSort(table->table, path.key.sort));
  CHECK(ValidatePartition(path.key.view().partition_view()).ok(), "every part was read");
  path.kind = Path::Kind::kRecord;
  return path;
}

}  // namespace

Result<Path> ParsePath(std::string_view text) {
  return Parse(text, /*of_clients=*/true);
}

Result<Path> ParseListedPath(std::string_view text) {
  return Parse(text, /*of_clients=*/false);
}

Result<Key> ParseKey(std::string_view text) {
  SMILE_ASSIGN(Path path, ParsePath(text));
  if (path.kind == Path::Kind::kRecord) return std::move(path.key);
  return Status(Code::kInvalid,
                fmt::format("\"{}\" is not the key of a record; the form in this table is {}", text,
                            ShapeOf(InfoOf(path.key.table))));
}

Result<Bytes> ParseSort(Table table_id, std::string_view text) {
  const TableInfo& table = InfoOf(table_id);
  const size_t parts = text.empty() ? 0 : SplitAtSlashes(text).size();
  if (parts != table.sort_part_count) {
    return Status(Code::kInvalid,
                  fmt::format("\"{}\" is not a sort key; the form of keys in this table is {}",
                              text, ShapeOf(table)));
  }
  SMILE_ASSIGN(Bytes sort, ParseSortBound(table_id, text));
  SMILE_TRY(ValidateSort(table_id, sort));
  return sort;
}

Result<Bytes> ParseSortBound(Table table_id, std::string_view text) {
  const TableInfo& table = InfoOf(table_id);
  Bytes sort;
  if (text.empty()) return sort;
  const std::vector<std::string_view> pieces = SplitAtSlashes(text);
  if (pieces.size() > table.sort_part_count) {
    return Status(Code::kInvalid,
                  fmt::format("\"{}\" has too many parts for a sort key; the form of "
                              "keys in this table is {}",
                              text, ShapeOf(table)));
  }
  for (size_t i = 0; i < pieces.size(); ++i) {
    SMILE_TRY(AppendPart(table, table.sort_parts[i], pieces[i], &sort));
  }
  CHECK(ValidateSortBound(table_id, sort).ok(), "every part was read");
  return sort;
}

std::string FormatSort(Table table_id, ByteView sort) {
  if (!ValidateSortBound(table_id, sort).ok()) return "0x" + ToHex(sort);
  std::string text;
  for (const Part& part : InfoOf(table_id).sort()) {
    if (sort.empty()) break;
    const size_t width = part.type == PartType::kName ? sort.size() : WidthOf(part.type);
    if (!text.empty()) text.push_back('/');
    FormatPart(part, sort.substr(0, width), &text);
    sort.remove_prefix(width);
  }
  CHECK(sort.empty(), "a valid sort key consists of the table's parts");
  return text;
}

std::string FormatPartition(const PartitionView& partition) {
  const TableInfo& table = InfoOf(partition.table);
  std::string text(table.name);
  text.push_back('/');
  if (!ValidatePartition(partition).ok()) return text + "0x" + ToHex(partition.id);
  FormatPart(table.partition, partition.id, &text);
  return text;
}

std::string FormatKey(const KeyView& key) {
  std::string text = FormatPartition(key.partition_view());
  if (!key.sort.empty()) text.append("/").append(FormatSort(key.table, key.sort));
  return text;
}

}  // namespace smile
