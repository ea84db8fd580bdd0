// RESP, version 2, as Redis, Valkey and Kvrocks speak it: commands as they are sent, and replies as
// they come. https://redis.io/docs/reference/ protocol-spec
#pragma once

#include <hiredis/read.h>

#include <charconv>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace smile::bench {

// Of an array ('*') of so many elements, or of a string ('$') of so many bytes.
void AppendRespHead(char type, size_t count, Bytes* out);
void AppendRespString(ByteView bytes, Bytes* out);
void AppendRespCommand(std::initializer_list<ByteView> words, Bytes* out);

// kProtocolError.
Status NotResp(std::string_view why);

// A number in decimal. A failure as NotResp.
template <class Number>
Status ReadRespNumber(ByteView text, Number* number) {
  const auto [end, error] = std::from_chars(text.begin(), text.end(), *number);
  if (error != std::errc() || end != text.end()) return NotResp("a number was expected");
  return {};
}

// A reply: a part for itself, and then one for each of its elements, if it is an array.
class RespReply {
 public:
  struct Part {
    int type = 0;  // REDIS_REPLY_*
    size_t begin = 0;
    size_t size = 0;
  };

  const std::vector<Part>& parts() const { return parts_; }
  bool is_error() const { return parts_.front().type == REDIS_REPLY_ERROR; }
  bool is_array() const { return parts_.front().type == REDIS_REPLY_ARRAY; }
  // Borrows from this object. Empty for an integer and for nil.
  ByteView BytesOf(const Part& part) const {
    return ByteView(bytes_).substr(part.begin, part.size);
  }

 private:
  friend class RespReader;
  std::vector<Part> parts_;
  Bytes bytes_;
};

class RespReader {
 public:
  // `on_reply` gets each reply; a failure of it ends Receive.
  explicit RespReader(std::function<Status(const RespReply&)> on_reply);
  RespReader(const RespReader&) = delete;
  RespReader& operator=(const RespReader&) = delete;

  // Bytes came. A failure: they are not the protocol.
  Status Receive(ByteView bytes);

 private:
  // What hiredis calls for each part of a reply that it has parsed. They give back something that
  // is not null: there are no objects.
  static void* OnString(const redisReadTask* task, char* bytes, size_t size);
  static void* OnArray(const redisReadTask* task, int count);
  static void* OnInteger(const redisReadTask* task, long long value);
  static void* OnNil(const redisReadTask* task);

  const std::function<Status(const RespReply&)> on_reply_;
  redisReplyObjectFunctions functions_;
  const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader_;
  RespReply reply_;  // that is being parsed
};

}  // namespace smile::bench
