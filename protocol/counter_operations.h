// The operation on number records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "protocol/operation_list.h"

namespace smile {

// The length of a token.
inline constexpr size_t kAdditionTokenBytes = 16;

namespace op {

struct Add {
  static constexpr OperationInfo kInfo{90, "add", "adds to a number record", Effect::kWrite, 1};

  struct Request {
    KeyView key = {};
    int64_t amount = 0;
    bool saturate = false;
    std::optional<ByteView> token = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::key>{"key", "key of the record; an absent one counts as 0"},
          Field<&Request::amount>{"amount", "what to add"},
          Field<&Request::saturate>{"saturate",
                                    "a sum outside of the range becomes its nearest bound, and is "
                                    "not refused",
                                    0, TextForm::kPlain, kHasDefault},
          Field<&Request::token>{"token",
                                 "16 random bytes; the addition with this token is made only once",
                                 1, TextForm::kOpaque}};
    }
  };

  struct Response {
    int64_t value = 0;
    uint64_t version = 0;
    bool repeated = false;

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::value>{"value", "the new number; if repeated: the number now"},
          Field<&Response::version>{"version",
                                    "version of the record; 0 if repeated and it is absent now"},
          Field<&Response::repeated>{
              "repeated", "true if the addition had been made before: nothing was added"}};
    }
  };
};

}  // namespace op

// The operations on number records.
using CounterOperations = OperationList<op::Add>;

}  // namespace smile
