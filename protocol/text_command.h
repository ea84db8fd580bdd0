// Writes requests as lines that protocol/text_reader.h reads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "model/path.h"
#include "model/record.h"
#include "protocol/field.h"
#include "protocol/text_slots.h"
#include "protocol/text_token.h"
#include "protocol/text_tree.h"

namespace smile {

namespace text_internal {

struct CommandParts {
  std::string positional;  // each preceded by a space
  std::string options;
  std::string elements;  // of a list of messages
};

// " --expire-seconds"
std::string OptionWord(std::string_view field_name);

template <class T>
std::string CommandWord(TextForm form, const T& value, const TextContext& context) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    return std::string(NameOf(value));
  } else if constexpr (std::is_same_v<T, int64_t>) {
    return std::to_string(value);
  } else if constexpr (std::unsigned_integral<T>) {
    return form == TextForm::kLinkKind ? WordForLinkKind(value) : std::to_string(value);
  } else if constexpr (std::is_same_v<T, KeyView>) {
    return QuoteToken(FormatKey(value));
  } else if constexpr (std::is_same_v<T, PartitionView>) {
    return QuoteToken(FormatPartition(value));
  } else {
    if (form == TextForm::kValue) return Quote(value);
    if (IsSecret(form)) return "-";  // the line asks for it
    const bool plain =
        form == TextForm::kPlain || (form != TextForm::kOpaque && !context.table.has_value());
    return QuoteToken(plain ? std::string(value) : WordFor(form, context, value));
  }
}

template <Message M>
void AppendParts(const M& message, const TextContext& context, CommandParts* parts);

template <Message M>
bool IsDelete(const M& message) {
  bool is_delete = false;
  ForEachField<M>([&](const auto& field) {
    const auto& value = message.*(field.kMember);
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, ItemKind>) {
      is_delete = value == ItemKind::kDelete;
    }
  });
  return is_delete;
}

inline void AppendCondition(const Condition& condition, std::string* options) {
  if (condition.kind == ConditionKind::kAlways) return;
  options->append(OptionWord(NameOf(condition.kind)));
  if (condition.kind == ConditionKind::kIfVersion) {
    options->append(" ").append(std::to_string(condition.version));
  }
}

template <class FieldType, class T>
void AppendList(const FieldType& field, const T& list, const TextContext& context,
                CommandParts* parts) {
  for (const auto& element : list) {
    if constexpr (kIsOneWord<std::remove_cvref_t<decltype(element)>>) {
      parts->positional.append(" ").append(CommandWord(field.text, element, context));
    } else {
      CommandParts inner;
      AppendParts(element, context, &inner);
      parts->elements.append(inner.positional).append(inner.options).append(inner.elements);
    }
  }
}

template <class FieldType, class T>
void AppendOption(const FieldType& field, const T& value, const TextContext& context,
                  CommandParts* parts) {
  if constexpr (kIsList<T>) {
    for (const auto& element : value) AppendOption(field, element, context, parts);
  } else {
    parts->options.append(OptionWord(field.name));
    if constexpr (!std::is_same_v<T, bool>) {
      parts->options.append(" ").append(CommandWord(field.text, value, context));
    }
  }
}

template <Message M>
void AppendParts(const M& message, const TextContext& context, CommandParts* parts) {
  const M fresh;
  const bool is_delete = IsDelete(message);
  ForEachField<M>([&](const auto& field) {
    const auto& value = message.*(field.kMember);
    using T = std::remove_cvref_t<decltype(value)>;
    if constexpr (kIsOptional<T>) {
      if (value.has_value()) AppendOption(field, *value, context, parts);
    } else if constexpr (std::is_same_v<T, Condition>) {
      AppendCondition(value, &parts->options);
    } else if constexpr (kIsList<T>) {
      AppendList(field, value, context, parts);
    } else if constexpr (!kIsOneWord<T>) {
      AppendParts(value, context, parts);
    } else if (field.text_default) {
      if (value != fresh.*(field.kMember)) AppendOption(field, value, context, parts);
    } else if (field.text != TextForm::kChecksum &&
               !(is_delete && field.text == TextForm::kValue)) {
      parts->positional.append(" ").append(CommandWord(field.text, value, context));
    }
  });
}

}  // namespace text_internal

// "put users/42/profile "Ada" --if-absent". Reading the line returns the same request if keys and
// conditions are valid, checksums are correct and deletes have no value.
template <class Row>
std::string WriteCommand(const typename Row::Request& request) {
  text_internal::CommandParts parts;
  text_internal::AppendParts(request, ContextOf(request), &parts);
  return std::string(Row::kInfo.name) + parts.positional + parts.options + parts.elements;
}

}  // namespace smile
