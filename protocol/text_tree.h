// A message as a tree of named values, from which lines, JSON and explanations of frames are
// written. Derived from the fields; independent of the operations.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/key.h"
#include "model/path.h"
#include "model/record.h"
#include "protocol/field.h"

namespace smile {

// What is known in addition to the message.
struct TextContext {
  // To show sort keys and partitions as in a path. Replies to SCAN and LIST need the table of their
  // request; see ContextOf.
  std::optional<Table> table = std::nullopt;
  // The request asked for no values.
  bool without_values = false;
  bool show_secrets = false;
};

struct TextNode {
  enum class Kind : uint8_t {
    kNumber,   // number
    kSigned,   // number: an int64_t in two's complement
    kTime,     // number: Unix milliseconds, 0: never
    kPast,     // number: Unix milliseconds
    kBool,     // number is 0 or 1
    kWord,     // word: a name, a path or hexadecimal; valid UTF-8 without spaces
    kBytes,    // bytes: any
    kList,     // children, without names of their own
    kMessage,  // children; absent optional fields are omitted
  };

  Kind kind = Kind::kMessage;
  bool usual = false;          // what almost every message has here: found, or a flag not set
  std::string_view name = {};  // of the field
  uint64_t number = 0;
  std::string word = {};
  ByteView bytes = {};  // borrowed from the message
  std::vector<TextNode> children = {};
};

// A condition: "always", "if_absent", "if_version:7".
std::string WordFor(const Condition& condition);
// Bytes with a text form: sort keys and partitions (hexadecimal if the table is unknown), opaque
// tokens. Empty bytes give an empty text.
std::string WordFor(TextForm form, const TextContext& context, ByteView bytes);
// What is shown in place of a secret.
inline constexpr std::string_view kMaskedSecret = "<secret>";
// 16 hexadecimal digits.
std::string WordForChecksum(uint64_t checksum);
// The name of a kind of links, or its number.
std::string WordForLinkKind(uint64_t kind);

namespace text_internal {

template <Message M>
std::vector<TextNode> NodesOf(const M& message, const TextContext& context);

constexpr bool IsText(TextForm form) {
  return form == TextForm::kPlain || form == TextForm::kValue;
}

template <class T>
TextNode NodeOf(std::string_view name, TextForm form, const T& value, const TextContext& context) {
  using Kind = TextNode::Kind;
  TextNode node{.name = name};
  const auto word = [&](std::string text) {
    node.kind = Kind::kWord;
    node.word = std::move(text);
  };
  if constexpr (std::is_same_v<T, bool>) {
    node.kind = Kind::kBool;
    node.number = value ? 1 : 0;
    node.usual = !value && form != TextForm::kAnswer;
  } else if constexpr (std::is_enum_v<T>) {
    word(std::string(NameOf(value)));
    if constexpr (kIsOutcome<T>) node.usual = value == EnumTable<T>::kValues[0].value;
  } else if constexpr (std::is_same_v<T, int64_t>) {
    node.kind = Kind::kSigned;
    node.number = static_cast<uint64_t>(value);
  } else if constexpr (std::unsigned_integral<T>) {
    node.kind = Kind::kNumber;
    node.number = value;
    if (form == TextForm::kTime) node.kind = Kind::kTime;
    if (form == TextForm::kPast) node.kind = Kind::kPast;
    if (form == TextForm::kChecksum) word(WordForChecksum(value));
    if (form == TextForm::kLinkKind) word(WordForLinkKind(value));
  } else if constexpr (std::is_same_v<T, ByteView>) {
    node.kind = Kind::kBytes;
    node.bytes = value;
    const bool is_shown = form == TextForm::kSecret && context.show_secrets;
    if (!IsText(form) && !is_shown) word(WordFor(form, context, value));
  } else if constexpr (std::is_same_v<T, KeyView>) {
    word(FormatKey(value));
  } else if constexpr (std::is_same_v<T, PartitionView>) {
    word(FormatPartition(value));
  } else if constexpr (std::is_same_v<T, Condition>) {
    word(WordFor(value));
  } else if constexpr (kIsList<T>) {
    node.kind = Kind::kList;
    for (const auto& element : value) {
      node.children.push_back(NodeOf(std::string_view(), form, element, context));
    }
  } else {
    node.children = NodesOf(value, context);
  }
  return node;
}

template <Message M>
std::vector<TextNode> NodesOf(const M& message, const TextContext& context) {
  std::vector<TextNode> nodes;
  const bool has_record = HasRecord(message);
  ForEachField<M>([&](const auto& field) {
    const auto& value = message.*(field.kMember);
    using T = std::remove_cvref_t<decltype(value)>;
    if (std::is_same_v<T, RecordView> && !has_record) return;
    if (field.text == TextForm::kValue && context.without_values) return;
    if constexpr (kIsOptional<std::remove_cvref_t<decltype(value)>>) {
      if (value.has_value()) nodes.push_back(NodeOf(field.name, field.text, *value, context));
    } else {
      nodes.push_back(NodeOf(field.name, field.text, value, context));
    }
  });
  return nodes;
}

}  // namespace text_internal

// Borrows the bytes of the message.
template <Message M>
TextNode ToTree(const M& message, const TextContext& context = {}) {
  return {.children = text_internal::NodesOf(message, context)};
}

// The context for the reply to a request: the table of its first field that has one, and whether it
// asks for values.
template <Message M>
TextContext ContextOf(const M& request) {
  TextContext context;
  ForEachField<M>([&](const auto& field) {
    using T = std::remove_cvref_t<decltype(request.*(field.kMember))>;
    if constexpr (std::is_same_v<T, bool>) {
      if (field.text == TextForm::kKeysOnly) context.without_values = request.*(field.kMember);
    }
    if (context.table.has_value()) return;
    if constexpr (std::is_same_v<T, Table>) {
      context.table = request.*(field.kMember);
    } else if constexpr (std::is_same_v<T, KeyView> || std::is_same_v<T, PartitionView>) {
      context.table = (request.*(field.kMember)).table;
    }
  });
  return context;
}

}  // namespace smile
