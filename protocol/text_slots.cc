#include "protocol/text_slots.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "model/number.h"
#include "model/path.h"

namespace smile::text_internal {
namespace {

static_assert(
    [] {
      for (const TableInfo& table : ClientTables()) {
        if (table.newest_first && table.sort_part_count > 1) return false;
      }
      return true;
    }(),
    "the range of a partial path ends at PrefixEnd, which holds for ascending tables only");

bool IsOption(const TextToken& token) {
  return !token.literal && token.text.starts_with("--");
}

std::string WithDashes(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

std::string InCapitals(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string PlaceholderFor(const TextSlot& slot) {
  return slot.placeholder.empty() ? InCapitals(slot.name) : std::string(slot.placeholder);
}

std::string OptionForm(const TextSlot& slot) {
  const std::string option = "--" + WithDashes(slot.name);
  return slot.flag ? option : option + " " + PlaceholderFor(slot);
}

// "maximum number of entries (1–10,000; default 100)"
std::string WithDefault(std::string_view summary, std::string_view standard) {
  std::string text(summary);
  if (standard.empty()) return text;
  if (!text.ends_with(')')) return text + fmt::format(" (default {})", standard);
  text.pop_back();
  return text + fmt::format("; default {})", standard);
}

std::optional<Bytes> FromHexWord(std::string_view digits) {
  if (digits.starts_with("0x")) digits.remove_prefix(2);
  return FromHex(digits);
}

// Options are applied last: what they mean may depend on the path that comes after them.
struct GivenOption {
  const TextSlot* slot;
  TextToken value;
};

class Filler {
 public:
  Filler(TextState* state, std::span<const TextSlot> slots, bool nested)
      : state_(state), slots_(slots), nested_(nested) {}

  Status Fill() {
    std::span<const TextToken>& rest = state_->input->rest;
    while (!rest.empty()) {
      bool mine = false;
      SMILE_TRY(IsOption(rest.front()) ? FillOption(&mine) : FillPositional(&mine));
      if (mine) continue;
      if (nested_) break;
      const std::string& text = rest.front().text;
      return {Code::kInvalid, IsOption(rest.front())
                                  ? fmt::format("unknown option {}", text)
                                  : fmt::format("unexpected argument {}", Quote(text))};
    }
    SMILE_TRY(NothingMissing());
    for (const GivenOption& option : options_) SMILE_TRY(Take(*option.slot, option.value));
    return {};
  }

 private:
  static Status Take(const TextSlot& slot, const TextToken& token) {
    CHECK(slot.take != nullptr);
    Status status = slot.take(token);
    if (status.code() != Code::kInvalid) return status;
    return {Code::kInvalid, fmt::format("{}: {}", OptionOrName(slot), status.message())};
  }

  static std::string OptionOrName(const TextSlot& slot) {
    return slot.positional ? PlaceholderFor(slot) : "--" + WithDashes(slot.name);
  }

  Status FillOption(bool* mine) {
    std::span<const TextToken>& rest = state_->input->rest;
    const std::string name = rest.front().text.substr(2);
    const auto slot = std::find_if(slots_.begin(), slots_.end(), [&](const TextSlot& candidate) {
      return !candidate.positional && WithDashes(candidate.name) == name;
    });
    if (slot == slots_.end()) return {};
    const bool again = std::any_of(options_.begin(), options_.end(),
                                   [&](const GivenOption& given) { return given.slot == &*slot; });
    if (again && !slot->repeats) return {Code::kInvalid, fmt::format("--{} is given twice", name)};
    *mine = true;
    CHECK(!slot->positional);
    GivenOption option{&*slot, {}};
    rest = rest.subspan(1);
    if (!slot->flag) {
      if (rest.empty() || IsOption(rest.front())) {
        return {Code::kInvalid, fmt::format("--{} needs a value: {}", name, OptionForm(*slot))};
      }
      option.value = rest.front();
      rest = rest.subspan(1);
    } else {
      option.value.text = "true";
    }
    options_.push_back(std::move(option));
    return {};
  }

  const TextSlot* NextPositional() {
    for (; next_ < slots_.size(); ++next_) {
      const TextSlot& slot = slots_[next_];
      if (slot.positional && !(slot.is_value && state_->without_value)) return &slot;
    }
    return nullptr;
  }

  Status FillPositional(bool* mine) {
    const TextSlot* slot = NextPositional();
    if (slot == nullptr) return {};
    std::span<const TextToken>& rest = state_->input->rest;
    const size_t before = rest.size();
    if (slot->take_element) {
      SMILE_TRY(slot->take_element());
    } else {
      SMILE_TRY(Take(*slot, rest.front()));
      rest = rest.subspan(1);
    }
    CHECK(rest.size() <= before, "tokens are only removed");
    *mine = rest.size() < before;
    if (slot->repeats) {
      repeat_has_one_ = true;
    } else {
      ++next_;
    }
    return {};
  }

  Status NothingMissing() {
    const TextSlot* missing = NextPositional();
    if (missing == nullptr || missing->may_be_empty) return {};
    if (missing->repeats && repeat_has_one_) return {};
    return {Code::kInvalid, fmt::format("{} is missing", PlaceholderFor(*missing))};
  }

  TextState* const state_;
  const std::span<const TextSlot> slots_;
  const bool nested_;
  size_t next_ = 0;
  bool repeat_has_one_ = false;
  std::vector<GivenOption> options_;
};

}  // namespace

Status FillSlots(TextState* state, std::span<const TextSlot> slots, bool nested) {
  return Filler(state, slots, nested).Fill();
}

void AppendUsage(std::span<const TextSlot> slots, std::string* line,
                 std::vector<TextArgument>* arguments) {
  const bool may_delete = std::any_of(slots.begin(), slots.end(),
                                      [](const TextSlot& slot) { return slot.is_mutation_kind; });
  for (const bool positional : {true, false}) {
    for (const TextSlot& slot : slots) {
      if (slot.positional != positional) continue;
      CHECK(slot.take != nullptr || slot.take_element != nullptr);
      if (slot.describe_element != nullptr) {
        std::string element;
        slot.describe_element(&element, arguments);
        CHECK(element.starts_with(' '));
        const std::string form = "(" + element.substr(1) + ")...";
        line->append(slot.may_be_empty ? " [" + form + "]" : " " + form);
        continue;
      }
      std::string form = positional ? PlaceholderFor(slot) : OptionForm(slot);
      if (slot.repeats) form.append("...");
      const bool required = positional && !(slot.is_value && may_delete);
      line->append(required ? " " + form : " [" + form + "]");
      arguments->push_back({std::move(form), WithDefault(slot.summary, slot.standard), positional});
    }
  }
}

Status UnknownOperation(std::string_view name, const std::string& names) {
  return {Code::kUnsupported,
          fmt::format("unknown operation {}; operations are {}", Quote(name), names)};
}

Status UnknownName(const TextToken& token, const std::string& names) {
  return {Code::kInvalid, fmt::format("{} is not one of {}", Quote(token.text), names)};
}

Result<uint64_t> TakeNumber(const TextToken& token, uint64_t max) {
  const char* const end = token.text.data() + token.text.size();
  uint64_t number = 0;
  const auto [stopped, error] = std::from_chars(token.text.data(), end, number);
  if (error == std::errc() && stopped == end && number <= max) return number;
  return Status(Code::kInvalid,
                fmt::format("{} is not an integer from 0 to {}", Quote(token.text), max));
}

Result<int64_t> TakeSigned(const TextToken& token) {
  const std::optional<int64_t> number = ParseNumber(token.text);
  if (number.has_value()) return *number;
  return Status(Code::kInvalid,
                fmt::format("{} is not an integer from -2^63 to 2^63 - 1", Quote(token.text)));
}

Result<uint64_t> TakeLinkKind(const TextToken& token) {
  std::string names;
  for (const NumberName& known : kLinkKinds) {
    if (known.name == token.text) return uint64_t{known.number};
    names.append(known.name).append(", ");
  }
  Result<uint64_t> number = TakeNumber(token, UINT8_MAX);
  if (number.ok()) return number;
  return Status(Code::kInvalid,
                fmt::format("{} is not a kind of links: it must be {}or an integer from 1 to 255",
                            Quote(token.text), names));
}

Result<bool> TakeBool(const TextToken& token) {
  if (token.text == "true") return true;
  if (token.text == "false") return false;
  return Status(Code::kInvalid, fmt::format("{} is not true or false", Quote(token.text)));
}

Result<Bytes> TakeBytes(const TextState& state, TextForm form, const TextToken& token) {
  const ContentReader& content = state.input->content;
  switch (form) {
    case TextForm::kValue:
      if (token.literal || !content) return token.text;
      if (token.text == "-") return content(token.text, {});
      if (token.text.starts_with("@")) return content(std::string_view(token.text).substr(1), {});
      return token.text;
    case TextForm::kOpaque: {
      std::optional<Bytes> bytes = FromHexWord(token.text);
      if (bytes.has_value()) return *std::move(bytes);
      return Status(Code::kInvalid, fmt::format("{} is not hexadecimal with two digits per byte",
                                                Quote(token.text)));
    }
    case TextForm::kSecret:
    case TextForm::kToken:
      break;
    case TextForm::kSort:
      if (state.table.has_value()) return ParseSort(*state.table, token.text);
      break;
    case TextForm::kSortFrom:
    case TextForm::kSortTo:
      if (state.table.has_value()) return ParseSortBound(*state.table, token.text);
      break;
    case TextForm::kPartition:
    case TextForm::kListed:
    case TextForm::kPlain:
    case TextForm::kChecksum:
    case TextForm::kTime:
    case TextForm::kPast:
    case TextForm::kLinkKind:
    case TextForm::kKeysOnly:
    case TextForm::kAnswer:
      break;
  }
  return token.text;
}

Result<Bytes> TakeSecret(const TextState& state, TextForm form, std::string_view name,
                         const TextToken& token) {
  const ContentReader& content = state.input->content;
  Bytes secret = token.text;
  if (content) {
    const bool is_file = token.text.starts_with('@');
    if (!is_file && token.text != "-") {
      return Status(Code::kInvalid,
                    "a secret is not written in a request, where others may see it: give @FILE, or "
                    "- to be asked for it");
    }
    SMILE_ASSIGN(secret, content(std::string_view(token.text).substr(is_file ? 1 : 0), name));
  }
  if (form != TextForm::kToken || !content) return secret;
  std::optional<Bytes> bytes = FromHexWord(secret);
  if (bytes.has_value()) return *std::move(bytes);
  return Status(Code::kInvalid, "it is not hexadecimal with two digits per byte");
}

Status TakeKey(TextState* state, const TextToken& token, KeyView* key) {
  SMILE_ASSIGN(Key parsed, ParseKey(token.text));
  CHECK(ValidateKey(parsed.view()).ok());
  state->table = parsed.table;
  *key = {parsed.table, state->input->bytes->Keep(std::move(parsed.partition)),
          state->input->bytes->Keep(std::move(parsed.sort))};
  return {};
}

Status TakePartition(TextState* state, TextForm form, const TextToken& token,
                     PartitionView* partition) {
  SMILE_ASSIGN(Path path,
               form == TextForm::kListed ? ParseListedPath(token.text) : ParsePath(token.text));
  const TableInfo& table = InfoOf(path.key.table);
  const bool is_record = path.kind == Path::Kind::kRecord && table.sort_part_count > 0;
  const bool is_part = path.kind == Path::Kind::kPartition && !path.key.sort.empty();
  if (path.kind == Path::Kind::kTable || is_record || is_part) {
    return {Code::kInvalid,
            fmt::format("{} is not a partition; the form in this table is {}/{}", Quote(token.text),
                        table.name, InCapitals(table.partition.name))};
  }
  CHECK(ValidatePartition(path.key.view().partition_view()).ok());
  state->table = path.key.table;
  *partition = {path.key.table, state->input->bytes->Keep(std::move(path.key.partition))};
  return {};
}

}  // namespace smile::text_internal
