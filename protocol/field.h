// A field of a message: one declaration with its member, name and meaning. Codec, text form,
// documentation and fuzz seeds are derived from it.
//
// A message is a plain struct with `static constexpr auto Fields()`, a FieldList of Field. Types of
// lower layers (keys, records) have a Layout specialisation instead.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "model/key.h"
#include "model/record.h"
#include "protocol/field_list.h"

namespace smile {

// The integers of messages.
template <class T>
concept WireInteger = std::unsigned_integral<T> || std::is_same_v<T, int64_t>;

// The text form of a field. It does not affect the wire.
enum class TextForm : uint8_t {
  kPlain,      // numbers in decimal, enums by name, bytes quoted
  kValue,      // content of a record; when read: literal, @FILE or -
  kChecksum,   // when read: computed from the message's kValue field
  kSort,       // a sort key as in a path, if the table is known
  kSortFrom,   // its leading parts: start of a range, also of a partial path
  kSortTo,     // its leading parts: end of a range
  kPartition,  // a partition id as in a path, if the table is known
  kListed,     // partitions of all tables that can be listed, not only of those with own records
  kOpaque,     // hexadecimal
  kTime,       // Unix milliseconds, 0: never; for people, a date and the remaining time
  kPast,       // Unix milliseconds of an event; for people, a date
  kLinkKind,   // a kind of links: its name, or a number from 1 to 255
  kSecret,     // a password or credential: not shown; when read: @FILE or -
  kToken,      // the same in hexadecimal
  kKeysOnly,   // a flag of a request whose reply has no values
  kAnswer,     // a flag that a reply is about: shown also where it is not set
};

// Whether a field is never shown, unless somebody asks for it.
constexpr bool IsSecret(TextForm form) {
  return form == TextForm::kSecret || form == TextForm::kToken;
}

inline constexpr bool kHasDefault = true;

template <auto Member>
struct Field {
  static constexpr auto kMember = Member;

  std::string_view name;
  std::string_view summary;
  // 0: required, encoded in order. Otherwise optional (the member is a std::optional): encoded
  // after the required fields as (tag, length, value), in ascending order of tags. Unknown odd
  // (critical) tags make a reader reject the message; unknown even ones are skipped.
  uint8_t tag = 0;
  TextForm text = TextForm::kPlain;
  // A text line may omit this required field: it then has its default.
  bool text_default = false;
};

constexpr bool IsCriticalTag(uint8_t tag) {
  return tag % 2 == 1;
}

template <class T>
struct Layout {
  static constexpr auto Fields() requires requires { T::Fields(); }
  { return T::Fields(); }
};

template <>
struct Layout<PartitionView> {
  static constexpr auto Fields() {
    return FieldList{
        Field<&PartitionView::table>{"table", "number of the table"},
        Field<&PartitionView::id>{"partition", "id of the partition", 0, TextForm::kPartition}};
  }
};

template <>
struct Layout<KeyView> {
  static constexpr auto Fields() {
    return FieldList{
        Field<&KeyView::table>{"table", "number of the table"},
        Field<&KeyView::partition>{"partition", "id of the partition", 0, TextForm::kPartition},
        Field<&KeyView::sort>{"sort", "sort key within the partition", 0, TextForm::kSort}};
  }
};

template <>
struct Layout<Condition> {
  static constexpr auto Fields() {
    return FieldList{
        Field<&Condition::kind>{"kind", "what must hold"},
        Field<&Condition::version>{"version", "expected version for if_version; otherwise 0"}};
  }
};

template <>
struct Layout<RecordView> {
  static constexpr auto Fields() {
    return FieldList{
        Field<&RecordView::version>{"version", "version of the put that wrote it (see *Records*)"},
        Field<&RecordView::checksum>{"checksum", "XXH3-64 of the value", 0, TextForm::kChecksum},
        Field<&RecordView::expires_ms>{"expires_ms", "expiry time, Unix milliseconds (0: never)", 0,
                                       TextForm::kTime},
        Field<&RecordView::value>{"value", "content", 0, TextForm::kValue}};
  }
};

template <class T>
concept Message = requires {
  Layout<T>::Fields();
};

// Calls visit(field) for each field of T in order.
template <Message T, class Visit>
constexpr void ForEachField(Visit&& visit) {
  Layout<T>::Fields().Apply([&](const auto&... field) { (visit(field), ...); });
}

template <class T>
struct OptionalInner {
  using Type = T;
};
template <class T>
struct OptionalInner<std::optional<T>> {
  using Type = T;
};
template <class T>
inline constexpr bool kIsOptional = !std::is_same_v<typename OptionalInner<T>::Type, T>;

// Whether required fields come before optional ones, optional ones are in ascending order of their
// tags, and all have names of their own.
template <Message M>
constexpr bool FieldsAreSound() {
  struct Row {
    std::string_view name;
    uint8_t tag;
    bool optional;
  };
  // An array first: the comparison of all pairs is then not instantiated for each pair of types.
  const auto rows = Layout<M>::Fields().Apply([](const auto&... field) {
    return std::array<Row, sizeof...(field)>{
        Row{field.name, field.tag,
            kIsOptional<std::remove_cvref_t<decltype(std::declval<M>().*(field.kMember))>>}...};
  });
  uint8_t last_tag = 0;
  for (const Row& row : rows) {
    if (row.name.empty()) return false;
    if (row.optional ? row.tag <= last_tag : row.tag != 0 || last_tag != 0) return false;
    last_tag = row.tag;
    for (const Row& other : rows) {
      if (&other != &row && other.name == row.name) return false;
    }
  }
  return true;
}

static_assert(FieldsAreSound<PartitionView>() && FieldsAreSound<KeyView>());
static_assert(FieldsAreSound<Condition>() && FieldsAreSound<RecordView>());

// Whether a reader that knows no optional field of M can read it.
template <Message M>
constexpr bool HasNoCriticalFields() {
  bool none = true;
  ForEachField<M>([&](const auto& field) { none = none && !IsCriticalTag(field.tag); });
  return none;
}

template <class T>
inline constexpr bool kIsList = false;
template <class T>
inline constexpr bool kIsList<std::vector<T>> = true;

// Whether is(field) holds for a field of M or of a message in it.
template <Message M, class Is>
constexpr bool HasField(Is is) {
  bool has = false;
  ForEachField<M>([&](const auto& field) {
    using T = typename OptionalInner<
        std::remove_cvref_t<decltype(std::declval<M>().*(field.kMember))>>::Type;
    has = has || is(field);
    if constexpr (kIsList<T>) {
      if constexpr (Message<typename T::value_type>)
        has = has || HasField<typename T::value_type>(is);
    } else if constexpr (Message<T>) {
      has = has || HasField<T>(is);
    }
  });
  return has;
}

// Whether a field of M, or of a message in it, is a secret.
template <Message M>
constexpr bool HasSecrets() {
  return HasField<M>([](const auto& field) { return IsSecret(field.text); });
}

// The values of an enum on the wire, with their names in text.
template <class E>
struct EnumValue {
  E value;
  std::string_view name;
};

template <class E>
struct EnumTable;

template <>
struct EnumTable<Table> {
  static constexpr auto kValues = [] {
    std::array<EnumValue<Table>, ListedTables().size()> values{};
    size_t count = 0;
    for (const TableInfo& info : ListedTables()) values[count++] = {info.table, info.name};
    return values;
  }();
};

template <>
struct EnumTable<ConditionKind> {
  static constexpr std::array<EnumValue<ConditionKind>, 3> kValues{
      {{ConditionKind::kAlways, "always"},
       {ConditionKind::kIfAbsent, "if_absent"},
       {ConditionKind::kIfVersion, "if_version"}}};
};

// What an item of a BATCH does.
enum class ItemKind : uint8_t {
  kPut = 1,
  kDelete = 2,
  kAdd = 3,            // a sum outside of the range is refused
  kAddSaturating = 4,  // a sum outside of the range becomes its nearest bound
};

template <>
struct EnumTable<ItemKind> {
  static constexpr std::array<EnumValue<ItemKind>, 4> kValues{
      {{ItemKind::kPut, "put"},
       {ItemKind::kDelete, "delete"},
       {ItemKind::kAdd, "add"},
       {ItemKind::kAddSaturating, "add_saturating"}}};
};

template <>
struct EnumTable<ErrorClass> {
  static constexpr std::array<EnumValue<ErrorClass>, 5> kValues{
      {{ErrorClass::kNone, "none"},
       {ErrorClass::kRetryNow, "retry_now"},
       {ErrorClass::kRetryAfter, "retry_after"},
       {ErrorClass::kNever, "never"},
       {ErrorClass::kOutcomeUnknown, "outcome_unknown"}}};
};

// Whether the values and names of an enum differ from each other.
template <class E>
constexpr bool EnumIsSound() {
  for (const auto& one : EnumTable<E>::kValues) {
    if (one.name.empty()) return false;
    for (const auto& other : EnumTable<E>::kValues) {
      if (&one != &other && (one.value == other.value || one.name == other.name)) return false;
    }
  }
  return true;
}
static_assert(EnumIsSound<Table>());
static_assert(EnumIsSound<ConditionKind>());
static_assert(EnumIsSound<ItemKind>());
static_assert(EnumIsSound<ErrorClass>());

// An enum that says whether the record next to it in the message was found.
template <class T>
constexpr bool kIsOutcome = [] {
  if constexpr (std::is_enum_v<T>) return EnumTable<T>::kValues[0].name == "found";
  return false;
}();

// Whether the message has the records that it could have: it has no outcome, or that is found.
template <Message M>
bool HasRecord(const M& message) {
  bool has_record = true;
  ForEachField<M>([&](const auto& field) {
    using T = std::remove_cvref_t<decltype(message.*(field.kMember))>;
    if constexpr (kIsOutcome<T>) {
      has_record = message.*(field.kMember) == EnumTable<T>::kValues[0].value;
    }
  });
  return has_record;
}

// Empty for a number without a name.
template <class E>
constexpr std::string_view NameOf(E value) {
  for (const auto& known : EnumTable<E>::kValues) {
    if (known.value == value) return known.name;
  }
  return {};
}

}  // namespace smile
