// The answer to a call.
#pragma once

#include <memory>
#include <utility>

#include "base/status.h"
#include "protocol/operations.h"

namespace smile {

// A response, or the status that says why there is none. Owns the bytes that its response points
// to; they stay valid when it is moved. `Row` is an operation of protocol/operations.h.
template <class Row>
class Answer {
 public:
  // The fields of a reply whose status is ok.
  using Response = typename Row::Response;

  // A failure. An ok status stops the process.
  explicit Answer(Status status, ErrorDetail detail = {})
      : status_(std::move(status)), detail_(detail) {
    if (status_.ok()) StopForMisuse(status_);
  }
  // A success; `response` points into `body`.
  Answer(std::unique_ptr<char[]> body, Response response)
      : body_(std::move(body)), response_(std::move(response)) {}

  // Whether there is a response.
  bool ok() const { return status_.ok(); }
  // base/status.h says what a caller may do about each code. kOutcomeUnknown: the write was sent,
  // and no answer arrived before the connection was lost or the deadline passed.
  const Status& status() const { return status_; }
  // After kConditionFailed: what the condition met. Otherwise empty.
  const ErrorDetail& detail() const { return detail_; }

  // The response, valid as long as this object. If !ok(), stops the process.
  const Response& operator*() const {
    if (!ok()) [[unlikely]]
      StopForMisuse(status_);
    return response_;
  }
  // Likewise.
  const Response* operator->() const { return &**this; }

 private:
  Status status_;
  ErrorDetail detail_;
  std::unique_ptr<char[]> body_;
  Response response_;
};

}  // namespace smile
