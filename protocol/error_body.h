// What a reply says when it is not ok, whatever the operation was.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

#include "base/bytes.h"
#include "base/status.h"
#include "protocol/field.h"

namespace smile {

// Body of every reply whose code is not ok.
struct ErrorBody {
  ErrorClass error_class = ErrorClass::kNever;
  uint32_t retry_after_ms = 0;
  ByteView words = {};
  std::optional<uint32_t> index = {};
  std::optional<uint64_t> version = {};
  std::optional<uint32_t> met_index = {};

  static constexpr auto Fields() {
    return std::tuple{
        Field<&ErrorBody::error_class>{"class", "what may be done about it"},
        Field<&ErrorBody::retry_after_ms>{"retry_after_ms",
                                          "how long to wait before that, 0: not said"},
        Field<&ErrorBody::words>{"words", "for a person; UTF-8"},
        Field<&ErrorBody::index>{"index", "condition_failed in BATCH: which item, from 0", 2},
        Field<&ErrorBody::version>{"version",
                                   "condition_failed: the record's version, 0 if it is absent", 4},
        Field<&ErrorBody::met_index>{"met_index",
                                     "condition_failed in BATCH: the earlier item that had changed "
                                     "the record; `version` is then 0",
                                     6}};
  }
};

// The fields of an ErrorBody that only some errors have.
struct ErrorDetail {
  std::optional<uint32_t> index = {};
  std::optional<uint64_t> version = {};
  std::optional<uint32_t> met_index = {};
};

}  // namespace smile
