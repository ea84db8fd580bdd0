// A field of a message: one line that says where it is kept, what it is called and what it means.
// Codec, text form, documentation and fuzz seeds walk these lines; nothing is said twice.
//
// A message is a plain struct with `static constexpr auto Fields()`, a tuple of Field. Types that
// live below this folder (keys, records) get theirs from a Layout specialisation.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "model/key.h"
#include "model/record.h"

namespace smile {

// How a person reads and writes a field. It changes no byte on the wire.
enum class TextForm : uint8_t {
  kPlain,      // numbers in decimal, enums by name, bytes quoted
  kValue,      // content of a record: literal, @FILE or - when read
  kChecksum,   // made from the message's kValue field when read
  kSort,       // a sort key as in a path, if the table is known
  kSortFrom,   // leading parts of one: where a range begins, also that of a partial path
  kSortTo,     // leading parts of one: where it ends
  kPartition,  // a partition id as in a path, if the table is known
  kOpaque,     // hexadecimal
  kTime,       // Unix time in milliseconds, 0: never; for people a date and what is left until then
  kKeysOnly,   // a flag of a request: the reply has no values, and shows none
};

inline constexpr bool kHasDefault = true;

template <auto Member>
struct Field {
  static constexpr auto kMember = Member;

  std::string_view name;
  std::string_view summary;
  // 0: required, encoded in order. Else an optional field (its member is a std::optional): encoded
  // behind the required ones as (tag, length, value), tags ascending. Odd tags are critical: who
  // does not know one refuses the message. Even ones are skipped.
  uint8_t tag = 0;
  TextForm text = TextForm::kPlain;
  // A text line may leave this required field out: it is then as in a new message.
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
    return std::tuple{
        Field<&PartitionView::table>{"table", "number of the table"},
        Field<&PartitionView::id>{"partition", "id of the partition", 0, TextForm::kPartition}};
  }
};

template <>
struct Layout<KeyView> {
  static constexpr auto Fields() {
    return std::tuple{
        Field<&KeyView::table>{"table", "number of the table"},
        Field<&KeyView::partition>{"partition", "id of the partition", 0, TextForm::kPartition},
        Field<&KeyView::sort>{"sort", "sort key inside the partition", 0, TextForm::kSort}};
  }
};

template <>
struct Layout<Condition> {
  static constexpr auto Fields() {
    return std::tuple{Field<&Condition::kind>{"kind", "what must hold"},
                      Field<&Condition::version>{"version", "for if_version, else 0"}};
  }
};

template <>
struct Layout<RecordView> {
  static constexpr auto Fields() {
    return std::tuple{
        Field<&RecordView::version>{"version", "of the write that put it, see *Records*"},
        Field<&RecordView::checksum>{"checksum", "XXH3-64 of the value", 0, TextForm::kChecksum},
        Field<&RecordView::expires_ms>{"expires_ms", "Unix time in milliseconds, 0: never", 0,
                                       TextForm::kTime},
        Field<&RecordView::value>{"value", "the content", 0, TextForm::kValue}};
  }
};

template <class T>
concept Message = requires {
  Layout<T>::Fields();
};

// Calls visit(field) for each field of T in order.
template <Message T, class Visit>
constexpr void ForEachField(Visit&& visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, Layout<T>::Fields());
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

template <class T>
inline constexpr bool kIsList = false;
template <class T>
inline constexpr bool kIsList<std::vector<T>> = true;

// The values an enum may have on the wire, with their names in text.
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
    std::array<EnumValue<Table>, kTables.size()> values{};
    for (size_t i = 0; i < kTables.size(); ++i) values[i] = {kTables[i].table, kTables[i].name};
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

template <>
struct EnumTable<MutationKind> {
  static constexpr std::array<EnumValue<MutationKind>, 2> kValues{
      {{MutationKind::kPut, "put"}, {MutationKind::kDelete, "delete"}}};
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

// Empty for a number without a name.
template <class E>
constexpr std::string_view NameOf(E value) {
  for (const auto& known : EnumTable<E>::kValues) {
    if (known.value == value) return known.name;
  }
  return {};
}

}  // namespace smile
