// The reference part of docs/PROTOCOL.md, generated from the same tables as the code by the program
// protocol_reference. A test fails if the page is stale.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "protocol/field.h"
#include "protocol/operation_list.h"

namespace smile {

namespace reference_internal {

std::string OperationHeading(const OperationInfo& info);
std::string TableOf(std::string_view what, const std::string& rows);
std::string RowOf(std::string_view name, const std::string& type, std::string_view summary);
std::string OptionalType(const std::string& type, uint8_t tag);

// "u8: 1 put, 2 delete"
template <class E>
std::string EnumType() {
  std::string text = "u8:";
  for (const auto& known : EnumTable<E>::kValues) {
    text.append(text.back() == ':' ? " " : ", ");
    text.append(std::to_string(static_cast<int>(known.value))).append(" ").append(known.name);
  }
  return text;
}

template <class T>
std::string TypeOf() {
  if constexpr (std::is_same_v<T, bool>) {
    return "bool";
  } else if constexpr (std::is_enum_v<T>) {
    return EnumType<T>();
  } else if constexpr (std::is_same_v<T, int64_t>) {
    return "i64";
  } else if constexpr (std::unsigned_integral<T>) {
    return "u" + std::to_string(sizeof(T) * 8);
  } else if constexpr (std::is_same_v<T, ByteView>) {
    return "bytes";
  } else {
    static_assert(kIsList<T>);
    using Element = typename T::value_type;
    if constexpr (Message<Element>) {
      return "list";
    } else {
      return "list of " + TypeOf<Element>();
    }
  }
}

// A row for each field in wire order; fields of a nested message are prefixed with its name.
template <Message M>
std::string RowsOf(const std::string& prefix) {
  std::string rows;
  ForEachField<M>([&](const auto& field) {
    using Member = std::remove_cvref_t<decltype(std::declval<M>().*(field.kMember))>;
    using T = typename OptionalInner<Member>::Type;
    const std::string name = prefix + std::string(field.name);
    if constexpr (Message<T>) {
      if (kIsOptional<Member>) {
        rows += RowOf(name, OptionalType("the following", field.tag), field.summary);
      }
      rows += RowsOf<T>(name + ".");
    } else {
      const std::string type = TypeOf<T>();
      rows +=
          RowOf(name, kIsOptional<Member> ? OptionalType(type, field.tag) : type, field.summary);
      if constexpr (kIsList<T>) {
        if constexpr (Message<typename T::value_type>) {
          rows += RowsOf<typename T::value_type>(name + "[].");
        }
      }
    }
  });
  return rows;
}

}  // namespace reference_internal

template <class List>
std::string DocumentOperations() {
  using namespace reference_internal;
  std::string text;
  List::ForEach([&]<class Row>() {
    text += OperationHeading(Row::kInfo);
    text += TableOf("Request", RowsOf<typename Row::Request>(""));
    text += TableOf("Reply", RowsOf<typename Row::Response>(""));
  });
  return text;
}

// Error codes and the body of error replies; tables and the parts of their keys; limits.
std::string DocumentErrors();
std::string DocumentTables();
std::string DocumentLimits();

// A frame, byte by byte.
struct Example {
  std::string title;
  Bytes frame;
  std::string explanation;  // one line per field
};
std::vector<Example> MakeExamples();
std::string DocumentExamples();

// The whole generated part.
std::string DocumentReference();

}  // namespace smile
