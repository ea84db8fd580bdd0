// Where the answer to one request is written.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/check.h"
#include "protocol/message.h"

namespace smile {

// Appends exactly one reply frame to a buffer. Borrows the buffer; used at once, never kept.
class Reply {
 public:
  // Replies over `max_frame_bytes` become kTooLarge.
  Reply(uint32_t id, size_t max_frame_bytes, Bytes* out)
      : id_(id), max_frame_bytes_(max_frame_bytes), out_(out) {}

  template <class Row>
  void Ok(const typename Row::Response& response) {
    CHECK(!written_);
    const size_t start = out_->size();
    EncodeReply<Row>(id_, response, out_);
    written_ = true;
    const size_t size = out_->size() - start;
    if (size <= max_frame_bytes_) return;
    out_->resize(start);
    written_ = false;
    Fail({Code::kTooLarge, "the reply has " + std::to_string(size) + " bytes, over the " +
                               std::to_string(max_frame_bytes_) +
                               " agreed in HELLO: ask for less at a time"});
  }

  void Fail(const Status& status, const ErrorDetail& detail = {}) {
    CHECK(!written_);
    EncodeError(id_, status, detail, out_);
    written_ = true;
    code_ = status.code();
  }

  bool written() const { return written_; }
  Code code() const { return code_; }

 private:
  const uint32_t id_;
  const size_t max_frame_bytes_;
  Bytes* const out_;
  bool written_ = false;
  Code code_ = Code::kOk;
};

}  // namespace smile
