// The answer to a call.
#pragma once

#include <memory>
#include <utility>

#include "base/status.h"
#include "protocol/operations.h"

namespace smile {

// A response, or the status that says why there is none. Owns the bytes that its response points
// to; they stay valid when it is moved.
template <class Row>
class Answer {
 public:
  using Response = typename Row::Response;

  // A failure; `status` is not ok.
  explicit Answer(Status status, ErrorDetail detail = {})
      : status_(std::move(status)), detail_(detail) {
    if (status_.ok()) StopForMisuse(status_);
  }
  // `response` points into `body`.
  Answer(std::unique_ptr<char[]> body, Response response)
      : body_(std::move(body)), response_(std::move(response)) {}

  bool ok() const { return status_.ok(); }
  // base/status.h says what each code asks of a caller. kOutcomeUnknown: the write was sent, and
  // the connection was lost before its answer arrived.
  const Status& status() const { return status_; }
  // For kConditionFailed.
  const ErrorDetail& detail() const { return detail_; }

  // Only if ok(); otherwise the process stops.
  const Response& operator*() const {
    if (!ok()) [[unlikely]]
      StopForMisuse(status_);
    return response_;
  }
  const Response* operator->() const { return &**this; }

 private:
  Status status_;
  ErrorDetail detail_;
  std::unique_ptr<char[]> body_;
  Response response_;
};

}  // namespace smile
