// A value, or the Status that says why there is none.
#pragma once

#include <optional>
#include <utility>

#include "base/status.h"

namespace smile {

// Converts from a T and from a failed Status, so both can be returned as they are. Taking the value
// of a failure stops the process: test ok() first.
template <class T>
class [[nodiscard]] Result {
 public:
  // A success.
  Result(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  // A failure. An ok status stops the process.
  Result(Status status) : status_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    if (status_.ok()) StopForMisuse(status_);
  }

  // Whether there is a value.
  bool ok() const { return value_.has_value(); }
  // Why there is no value; ok if there is one.
  const Status& status() const { return status_; }

  // The value, valid as long as this object. If !ok(), stops the process.
  T& value() & {
    if (!ok()) [[unlikely]]
      StopForMisuse(status_);
    return *value_;
  }
  // Likewise.
  const T& value() const& {
    if (!ok()) [[unlikely]]
      StopForMisuse(status_);
    return *value_;
  }
  // Likewise, to move from.
  T&& value() && {
    if (!ok()) [[unlikely]]
      StopForMisuse(status_);
    return std::move(*value_);
  }
  // As value().
  T& operator*() & { return value(); }
  // As value().
  const T& operator*() const& { return value(); }
  // As value().
  T&& operator*() && { return std::move(*this).value(); }
  // As value().
  T* operator->() { return &value(); }
  // As value().
  const T* operator->() const { return &value(); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace smile

// For SMILE_ASSIGN.
#define SMILE_CONCAT_INNER(a, b) a##b
// For SMILE_ASSIGN.
#define SMILE_CONCAT(a, b) SMILE_CONCAT_INNER(a, b)

// Returns the Status of `expression` from the enclosing function if it failed.
#define SMILE_TRY(expression)                                              \
  do {                                                                     \
    if (::smile::Status smile_status = (expression); !smile_status.ok()) { \
      return smile_status;                                                 \
    }                                                                      \
  } while (false)

// Declares or assigns `target` from a Result, or returns its Status.
#define SMILE_ASSIGN(target, expression)                     \
  auto SMILE_CONCAT(smile_result_, __LINE__) = (expression); \
  if (!SMILE_CONCAT(smile_result_, __LINE__).ok()) {         \
    return SMILE_CONCAT(smile_result_, __LINE__).status();   \
  }                                                          \
  target = std::move(SMILE_CONCAT(smile_result_, __LINE__)).value()
