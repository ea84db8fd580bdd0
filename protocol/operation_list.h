// The description of an operation, and lists of operations. The lists of the protocol are
// joined in protocol/operations.h; tests define their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "protocol/field.h"

namespace smile {

enum class Effect : uint8_t {
  kRead,         // changes nothing; may be repeated
  kWrite,        // changes records; repeated only if it is known that nothing took effect
  kAdmin,        // concerns the connection or the server
  kCredentials,  // reads credentials; rejected unless the server was started to allow it
};

struct OperationInfo {
  uint8_t code;
  std::string_view name;
  std::string_view summary;
  Effect effect;
  uint8_t since;  // protocol version
};

// Lower-case letters and '_'.
constexpr bool IsWord(std::string_view name) {
  for (const char c : name) {
    if ((c < 'a' || c > 'z') && c != '_') return false;
  }
  return !name.empty();
}

// A list of rows, from which other code is derived.
template <class... Rows>
struct OperationList {
  static constexpr size_t kCount = sizeof...(Rows);

  template <class Row>
  static constexpr bool kContains = (std::is_same_v<Row, Rows> || ...);

  // Calls visit.template operator()<Row>() for each row in order.
  template <class Visit>
  static constexpr void ForEach(Visit&& visit) {
    (visit.template operator()<Rows>(), ...);
  }

  // Null for a code or name that is not in this list.
  static constexpr const OperationInfo* Find(uint8_t code) {
    const OperationInfo* found = nullptr;
    ((Rows::kInfo.code == code ? void(found = &Rows::kInfo) : void()), ...);
    return found;
  }
  static constexpr const OperationInfo* Find(std::string_view name) {
    const OperationInfo* found = nullptr;
    ((Rows::kInfo.name == name ? void(found = &Rows::kInfo) : void()), ...);
    return found;
  }

  // "hello, ping, get", in order.
  static std::string Names() {
    std::string names;
    ((names.append(names.empty() ? "" : ", ").append(Rows::kInfo.name)), ...);
    return names;
  }

  static constexpr bool NumbersAndNamesAreUnique() {
    return ((Find(Rows::kInfo.code) == &Rows::kInfo && Find(Rows::kInfo.name) == &Rows::kInfo) &&
            ...);
  }
  static constexpr bool CodesAreIn(uint8_t first, uint8_t last) {
    return ((Rows::kInfo.code >= first && Rows::kInfo.code <= last) && ...);
  }
  static constexpr bool AreSince(uint8_t version) {
    return ((Rows::kInfo.since >= 1 && Rows::kInfo.since <= version) && ...);
  }
  // Names are words of the text form and parts of the names of statistics.
  static constexpr bool NamesAreWords() {
    return (IsWord(Rows::kInfo.name) && ...) && ((Rows::kInfo.summary.size() > 0) && ...);
  }
  static constexpr bool RepliesHaveNoCriticalFields() {
    return (HasNoCriticalFields<typename Rows::Response>() && ...);
  }
  static constexpr bool MessagesAreSound() {
    return (
        (FieldsAreSound<typename Rows::Request>() && FieldsAreSound<typename Rows::Response>()) &&
        ...);
  }
};

namespace operation_list_internal {

template <class... A, class... B>
OperationList<A..., B...> operator+(OperationList<A...>, OperationList<B...>);

template <class... Lists>
auto Join(Lists... lists) {
  return (OperationList<>() + ... + lists);
}

}  // namespace operation_list_internal

// The rows of one list after the other.
template <class... Lists>
using Joined = decltype(operation_list_internal::Join(Lists()...));

// The rows of List except one.
template <class Excluded, class... Rows>
auto Without(OperationList<Rows...>) {
  using operation_list_internal::operator+;
  return (
      OperationList<>() + ... +
      std::conditional_t<std::is_same_v<Rows, Excluded>, OperationList<>, OperationList<Rows>>());
}

}  // namespace smile
