// The body of an error reply, the same for all operations.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/status.h"
#include "protocol/field.h"

namespace smile {

// Body of every reply whose status is not ok.
struct ErrorBody {
  ErrorClass error_class = ErrorClass::kNever;
  uint32_t retry_after_ms = 0;
  ByteView message = {};
  std::optional<uint32_t> index = {};
  std::optional<uint64_t> version = {};
  std::optional<uint32_t> met_index = {};

  static constexpr auto Fields() {
    return FieldList{
        Field<&ErrorBody::error_class>{"class", "what the client may do"},
        Field<&ErrorBody::retry_after_ms>{"retry_after_ms",
                                          "time to wait before a retry (0: not specified)"},
        Field<&ErrorBody::message>{"message", "error message for a person; UTF-8, may be empty"},
        Field<&ErrorBody::index>{"index", "condition_failed in BATCH: index of the item, from 0",
                                 2},
        Field<&ErrorBody::version>{"version", "condition_failed: version of the record (0: absent)",
                                   4},
        Field<&ErrorBody::met_index>{"met_index",
                                     "condition_failed in BATCH: index of the earlier item that "
                                     "changed the record; `version` is then 0",
                                     6}};
  }
};

static_assert(FieldsAreSound<ErrorBody>());
static_assert(HasNoCriticalFields<ErrorBody>(), "a client of any version can read an error");

// The fields of an ErrorBody that only some errors have.
struct ErrorDetail {
  std::optional<uint32_t> index = {};      // as in ErrorBody
  std::optional<uint64_t> version = {};    // as in ErrorBody
  std::optional<uint32_t> met_index = {};  // as in ErrorBody
};

}  // namespace smile
