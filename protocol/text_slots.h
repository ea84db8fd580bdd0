// Implementation of protocol/text_reader.h: each field of a message becomes a slot, and the tokens
// of a line are assigned to slots.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/result.h"
#include "model/key.h"
#include "model/record.h"
#include "protocol/checksums.h"
#include "protocol/field.h"
#include "protocol/text_token.h"

namespace smile {

// Reads the content of "@FILE" (`name` is FILE) or "-" (`name` is "-") given as a value. `secret`:
// the name of the field if it is a secret, otherwise empty. Without a reader, such tokens are
// literal values.
using ContentReader = std::function<Result<Bytes>(std::string_view name, std::string_view secret)>;

// Owns bytes at a fixed address, also when it is moved.
class TextBytes {
 public:
  ByteView Keep(Bytes bytes) {
    kept_.push_back(std::make_unique<Bytes>(std::move(bytes)));
    return *kept_.back();
  }

 private:
  std::vector<std::unique_ptr<Bytes>> kept_;
};

struct TextInput {
  std::span<const TextToken> rest;
  const ContentReader& content;
  TextBytes* bytes;
};

// One argument of a usage line.
struct TextArgument {
  std::string form;     // "KEY", "--limit N", "--keys-only"
  std::string summary;  // with the default, if any
  bool positional = false;
};

namespace text_internal {

// State while a message is read.
struct TextState {
  TextInput* input = nullptr;
  std::optional<Table> table = std::nullopt;
  bool without_value = false;  // the message is a delete
};

struct TextSlot {
  using Describe = void (*)(std::string* line, std::vector<TextArgument>* arguments);

  std::string_view name;
  std::string_view summary;
  std::string standard = {};          // the default; empty: none to show
  std::string_view placeholder = {};  // empty: a flag, or the field's name in capitals
  bool positional = false;
  bool flag = false;
  bool repeats = false;
  bool may_be_empty = false;  // a list
  bool is_value = false;
  bool is_mutation_kind = false;  // put or delete; a delete has no value
  std::function<Status(const TextToken&)> take = nullptr;
  std::function<Status()> take_element = nullptr;  // of a list of messages, from the input
  Describe describe_element = nullptr;
};

// Assigns tokens of the input to the slots. A token that fits no slot ends a `nested` message, and
// is an error otherwise.
Status FillSlots(TextState* state, std::span<const TextSlot> slots, bool nested);

void AppendUsage(std::span<const TextSlot> slots, std::string* line,
                 std::vector<TextArgument>* arguments);

Status UnknownOperation(std::string_view name, const std::string& names);

Result<uint64_t> TakeNumber(const TextToken& token, uint64_t max);
Result<int64_t> TakeSigned(const TextToken& token);
// The number of a kind of links.
Result<uint64_t> TakeLinkKind(const TextToken& token);
Result<bool> TakeBool(const TextToken& token);
Result<Bytes> TakeBytes(const TextState& state, TextForm form, const TextToken& token);
Result<Bytes> TakeSecret(const TextState& state, TextForm form, std::string_view name,
                         const TextToken& token);
Status TakeKey(TextState* state, const TextToken& token, KeyView* key);
Status TakePartition(TextState* state, TextForm form, const TextToken& token,
                     PartitionView* partition);
Status UnknownName(const TextToken& token, const std::string& names);

template <class T>
Status TakeEnum(TextState* state, const TextToken& token, T* value) {
  std::string names;
  for (const auto& known : EnumTable<T>::kValues) {
    names.append(names.empty() ? "" : ", ").append(known.name);
    if (known.name != token.text) continue;
    *value = known.value;
    if constexpr (std::is_same_v<T, Table>) state->table = *value;
    if constexpr (std::is_same_v<T, ItemKind>) {
      state->without_value = *value == ItemKind::kDelete;
    }
    return {};
  }
  return UnknownName(token, names);
}

template <class T>
Status TakeValue(TextState* state, TextForm form, const TextToken& token, T* value) {
  if constexpr (std::is_same_v<T, bool>) {
    SMILE_ASSIGN(*value, TakeBool(token));
    return {};
  } else if constexpr (std::is_enum_v<T>) {
    return TakeEnum(state, token, value);
  } else if constexpr (std::is_same_v<T, int64_t>) {
    SMILE_ASSIGN(*value, TakeSigned(token));
    return {};
  } else if constexpr (std::unsigned_integral<T>) {
    SMILE_ASSIGN(const uint64_t number, form == TextForm::kLinkKind
                                            ? TakeLinkKind(token)
                                            : TakeNumber(token, std::numeric_limits<T>::max()));
    *value = static_cast<T>(number);
    return {};
  } else if constexpr (std::is_same_v<T, ByteView>) {
    SMILE_ASSIGN(Bytes bytes, TakeBytes(*state, form, token));
    *value = state->input->bytes->Keep(std::move(bytes));
    return {};
  } else if constexpr (std::is_same_v<T, KeyView>) {
    return TakeKey(state, token, value);
  } else {
    static_assert(std::is_same_v<T, PartitionView>, "an optional field is not a message");
    return TakePartition(state, form, token, value);
  }
}

template <class T>
constexpr std::string_view PlaceholderOf(TextForm form) {
  if constexpr (std::is_same_v<T, Table>) {
    return "TABLE";
  } else if constexpr (WireInteger<T>) {
    return form == TextForm::kLinkKind ? "KIND" : "N";
  } else if constexpr (std::is_same_v<T, ItemKind>) {
    return "put|delete|add|add_saturating";
  } else if constexpr (std::is_same_v<T, ByteView>) {
    if (form == TextForm::kOpaque) return "HEX";
    if (IsSecret(form)) return "@FILE|-";
    if (form == TextForm::kSort || form == TextForm::kSortFrom || form == TextForm::kSortTo) {
      return "SORT";
    }
  }
  return {};
}

// Read from one token, unlike a nested message.
template <class T>
inline constexpr bool kIsOneWord =
    std::is_enum_v<T> || WireInteger<T> || std::is_same_v<T, ByteView> ||
    std::is_same_v<T, KeyView> || std::is_same_v<T, PartitionView>;

template <Message M>
std::vector<TextSlot> SlotsOf(TextState* state, M* message);

template <Message M>
Status ReadElement(TextState* outer, M* element) {
  TextState state{.input = outer->input, .table = outer->table};
  const std::vector<TextSlot> slots = SlotsOf(&state, element);
  SMILE_TRY(FillSlots(&state, slots, true));
  return {};
}

template <Message M>
void DescribeArguments(std::string* line, std::vector<TextArgument>* arguments) {
  TextState state{};
  M message;
  AppendUsage(SlotsOf(&state, &message), line, arguments);
}

inline void AddConditionSlots(Condition* condition, std::vector<TextSlot>* slots) {
  for (const auto& known : EnumTable<ConditionKind>::kValues) {
    if (known.value == ConditionKind::kAlways) continue;
    const bool takes_version = known.value == ConditionKind::kIfVersion;
    slots->push_back({.name = known.name,
                      .summary = takes_version ? "only if the record has this version"
                                               : "only if the record is absent",
                      .placeholder = takes_version ? "N" : "",
                      .flag = !takes_version,
                      .take = [=](const TextToken& token) -> Status {
                        if (condition->kind != ConditionKind::kAlways) {
                          return {Code::kInvalid, "only one condition may be given"};
                        }
                        condition->kind = known.value;
                        if (!takes_version) return {};
                        return TakeValue(nullptr, TextForm::kPlain, token, &condition->version);
                      }});
  }
}

// The slot of a list; `append` adds an element.
template <class Element, class Append>
void MakeRepeat(TextState* state, TextForm form, Append append, TextSlot* slot) {
  slot->repeats = true;
  if constexpr (kIsOneWord<Element>) {
    slot->placeholder = PlaceholderOf<Element>(form);
    slot->take = [=](const TextToken& token) { return TakeValue(state, form, token, append()); };
  } else {
    slot->take_element = [=] { return ReadElement(state, append()); };
    slot->describe_element = &DescribeArguments<Element>;
  }
}

// The slots of one field; `member` may be a std::optional.
template <class FieldType, class Member>
void AddSlots(TextState* state, const FieldType& field, Member* member,
              std::vector<TextSlot>* slots) {
  using T = typename OptionalInner<Member>::Type;
  const TextForm form = field.text;
  if constexpr (std::is_same_v<T, Condition>) {
    AddConditionSlots(member, slots);
  } else if constexpr (!kIsOneWord<T> && !kIsList<T>) {
    for (TextSlot& slot : SlotsOf(state, member)) slots->push_back(std::move(slot));
  } else if (form != TextForm::kChecksum) {
    TextSlot slot{.name = field.name, .summary = field.summary};
    slot.positional = !kIsOptional<Member> && (kIsList<T> || !field.text_default);
    slot.may_be_empty = kIsList<T> && field.text_default;
    slot.is_value = form == TextForm::kValue;
    slot.is_mutation_kind = std::is_same_v<T, ItemKind>;
    const auto target = [member]() -> T* {
      if constexpr (kIsOptional<Member>) {
        return member->has_value() ? &**member : &member->emplace();
      } else {
        return member;
      }
    };
    if constexpr (kIsList<T>) {
      const auto append = [=] { return &target()->emplace_back(); };
      MakeRepeat<typename T::value_type>(state, form, append, &slot);
    } else {
      slot.placeholder = PlaceholderOf<T>(form);
      if (WireInteger<T> && slot.positional) slot.placeholder = {};  // its name
      slot.flag = std::is_same_v<T, bool> && !slot.positional;
      if (slot.flag) slot.placeholder = {};
      if constexpr (std::unsigned_integral<T> && !std::is_same_v<T, bool> && !kIsOptional<Member>) {
        if (field.text_default && *member != 0) slot.standard = std::to_string(*member);
      }
      [[maybe_unused]] const auto name = field.name;
      slot.take = [=](const TextToken& token) -> Status {
        if constexpr (std::is_same_v<T, ByteView>) {
          if (IsSecret(form)) {
            SMILE_ASSIGN(Bytes secret, TakeSecret(*state, form, name, token));
            *target() = state->input->bytes->Keep(std::move(secret));
            return {};
          }
        }
        return TakeValue(state, form, token, target());
      };
    }
    slots->push_back(std::move(slot));
  }
}

template <Message M>
std::vector<TextSlot> SlotsOf(TextState* state, M* message) {
  std::vector<TextSlot> slots;
  ForEachField<M>(
      [&](const auto& field) { AddSlots(state, field, &(message->*(field.kMember)), &slots); });
  return slots;
}

// Reads all of the input as one message.
template <Message M>
Status ReadMessage(TextInput* input, M* message) {
  TextState state{.input = input};
  const std::vector<TextSlot> slots = SlotsOf(&state, message);
  SMILE_TRY(FillSlots(&state, slots, false));
  FillChecksums(message);
  return {};
}

}  // namespace text_internal

}  // namespace smile
