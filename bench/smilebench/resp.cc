#include "bench/smilebench/resp.h"

#include <utility>

#include <fmt/format.h>

#include "base/result.h"

namespace smile::bench {
namespace {

// hiredis moves what it has not parsed after each KiB that it has; so it is given little at a time.
constexpr size_t kFeedBytes = size_t{16} << 10;

}  // namespace

void AppendRespHead(char type, size_t count, Bytes* out) {
  const fmt::format_int digits(count);
  out->push_back(type);
  out->append(digits.data(), digits.size());
  out->append("\r\n");
}

void AppendRespString(ByteView bytes, Bytes* out) {
  AppendRespHead('$', bytes.size(), out);
  out->append(bytes);
  out->append("\r\n");
}

// hiredis formats commands too, but through two allocations and a copy of each.
void AppendRespCommand(std::initializer_list<ByteView> words, Bytes* out) {
  AppendRespHead('*', words.size(), out);
  for (const ByteView word : words) AppendRespString(word, out);
}

Status NotResp(std::string_view why) {
  return {Code::kProtocolError, fmt::format("not an answer in RESP: {}", why)};
}

RespReader::RespReader(std::function<Status(const RespReply&)> on_reply)
    : on_reply_(std::move(on_reply)),
      functions_{OnString, OnArray, OnInteger, OnNil, [](void*) {}},
      reader_(redisReaderCreateWithFunctions(&functions_), redisReaderFree) {
  reader_->privdata = this;
}

Status RespReader::Receive(ByteView bytes) {
  while (!bytes.empty()) {
    const ByteView piece = bytes.substr(0, kFeedBytes);
    bytes.remove_prefix(piece.size());
    redisReaderFeed(reader_.get(), piece.data(), piece.size());
    for (;;) {
      void* whole = nullptr;
      if (redisReaderGetReply(reader_.get(), &whole) != 0) return NotResp(reader_->errstr);
      if (whole == nullptr) break;  // not all of it is there yet
      SMILE_TRY(on_reply_(reply_));
      reply_.parts_.clear();
      reply_.bytes_.clear();
    }
  }
  return {};
}

void* RespReader::OnString(const redisReadTask* task, char* bytes, size_t size) {
  auto* const self = static_cast<RespReader*>(task->privdata);
  self->reply_.parts_.push_back({task->type, self->reply_.bytes_.size(), size});
  self->reply_.bytes_.append(bytes, size);
  return self;
}

void* RespReader::OnArray(const redisReadTask* task, int /*count*/) {
  return OnString(task, nullptr, 0);
}

void* RespReader::OnInteger(const redisReadTask* task, long long /*value*/) {
  return OnString(task, nullptr, 0);
}

void* RespReader::OnNil(const redisReadTask* task) {
  void* const part = OnString(task, nullptr, 0);
  static_cast<RespReader*>(part)->reply_.parts_.back().type = REDIS_REPLY_NIL;
  return part;
}

}  // namespace smile::bench
