#include "bench/smilebench/redis_protocol.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

namespace smile::bench {
namespace {

// hiredis moves what it has not parsed after each KiB that it has; so it is given little at a time.
constexpr size_t kFeedBytes = size_t{16} << 10;
constexpr size_t kUserDigits = 14;

void AppendHead(char type, size_t count, Bytes* out) {
  const fmt::format_int digits(count);
  out->push_back(type);
  out->append(digits.data(), digits.size());
  out->append("\r\n");
}

void AppendString(ByteView bytes, Bytes* out) {
  AppendHead('$', bytes.size(), out);
  out->append(bytes);
  out->append("\r\n");
}

// hiredis formats commands too, but through two allocations and a copy of each.
void AppendCommand(std::initializer_list<ByteView> words, Bytes* out) {
  AppendHead('*', words.size(), out);
  for (const ByteView word : words) AppendString(word, out);
}

Bytes AuthorKey(uint64_t author) {
  return fmt::format("posts:{}", author);
}

Bytes PostKey(uint64_t author, uint64_t post) {
  return fmt::format("p:{}:{}", author, post);
}

Status NotTheProtocol(std::string_view why) {
  return {Code::kProtocolError, fmt::format("not an answer in RESP: {}", why)};
}

}  // namespace

RedisProtocol::RedisProtocol(uint32_t posts_per_author, DriverEvents* events, bool adds)
    : posts_per_author_(posts_per_author),
      adds_(adds),
      events_(events),
      functions_{OnString, OnArray, OnInteger, OnNil, [](void*) {}},
      reader_(redisReaderCreateWithFunctions(&functions_), redisReaderFree) {
  reader_->privdata = this;
}

Bytes RedisProtocol::KeyOf(uint64_t number) const {
  if (posts_per_author_ > 0) return PostKey(number / posts_per_author_, number % posts_per_author_);
  const fmt::format_int digits(number);
  Bytes key("u:");
  key.append(kUserDigits - std::min(kUserDigits, digits.size()), '0');
  return key.append(digits.data(), digits.size());
}

void RedisProtocol::Encode(uint32_t slot, const Operation& operation, Bytes* out) {
  uint32_t replies = 1;
  switch (operation.kind) {
    case OperationKind::kPing:
      AppendCommand({"PING"}, out);
      break;
    case OperationKind::kGet:
      AppendCommand({"GET", KeyOf(operation.number)}, out);
      break;
    case OperationKind::kPut:
      EncodePut(operation, out);
      if (posts_per_author_ > 0) replies = 2;
      break;
    case OperationKind::kMGet:
      EncodeMGet(operation, out);
      break;
    case OperationKind::kScan:
      EncodeScan(operation, out);
      replies = 2;
      break;
  }
  open_.push_back({slot, operation.kind, replies});
}

void RedisProtocol::EncodePut(const Operation& operation, Bytes* out) const {
  if (adds_) return AppendCommand({"INCR", fmt::format("c:{}", operation.number)}, out);
  AppendCommand({"SET", KeyOf(operation.number), operation.value}, out);
  if (posts_per_author_ == 0) return;
  const Bytes post = std::to_string(operation.number % posts_per_author_);
  AppendCommand({"ZADD", AuthorKey(operation.number / posts_per_author_), post, post}, out);
}

void RedisProtocol::EncodeMGet(const Operation& operation, Bytes* out) const {
  AppendHead('*', 1 + operation.numbers.size(), out);
  AppendString("MGET", out);
  for (const uint64_t number : operation.numbers) AppendString(KeyOf(number), out);
}

void RedisProtocol::EncodeScan(const Operation& operation, Bytes* out) const {
  const Bytes last = std::to_string(operation.limit - 1);
  AppendCommand({"ZREVRANGE", AuthorKey(operation.number), "0", last}, out);
  AppendHead('*', 1 + size_t{operation.limit}, out);
  AppendString("MGET", out);
  for (uint32_t i = 0; i < operation.limit; ++i) {
    AppendString(PostKey(operation.number, operation.newest - i), out);
  }
}

Status RedisProtocol::Receive(ByteView bytes) {
  while (!bytes.empty()) {
    const ByteView piece = bytes.substr(0, kFeedBytes);
    bytes.remove_prefix(piece.size());
    redisReaderFeed(reader_.get(), piece.data(), piece.size());
    for (;;) {
      void* reply = nullptr;
      if (redisReaderGetReply(reader_.get(), &reply) != 0) {
        return NotTheProtocol(reader_->errstr);
      }
      if (reply == nullptr) break;  // not all of it is there yet
      SMILE_TRY(OnReply());
    }
  }
  return {};
}

void RedisProtocol::FailAll(const Status& why) {
  for (const Open& open : std::exchange(open_, {})) events_->OnAnswer(open.slot, why, {});
}

void* RedisProtocol::OnString(const redisReadTask* task, char* bytes, size_t size) {
  auto* const self = static_cast<RedisProtocol*>(task->privdata);
  self->parts_.push_back({task->type, self->bytes_.size(), size});
  self->bytes_.append(bytes, size);
  return self;
}

void* RedisProtocol::OnArray(const redisReadTask* task, int /*count*/) {
  return OnString(task, nullptr, 0);
}

void* RedisProtocol::OnInteger(const redisReadTask* task, long long /*value*/) {
  return OnString(task, nullptr, 0);
}

void* RedisProtocol::OnNil(const redisReadTask* task) {
  void* const part = OnString(task, nullptr, 0);
  static_cast<RedisProtocol*>(part)->parts_.back().type = REDIS_REPLY_NIL;
  return part;
}

ByteView RedisProtocol::BytesOf(const Part& part) const {
  return ByteView(bytes_).substr(part.begin, part.size);
}

// A whole reply is in parts_.
Status RedisProtocol::OnReply() {
  if (open_.empty()) return NotTheProtocol("nobody asked");
  Open& open = open_.front();
  SMILE_TRY(TakeReply(open));
  if (--open.replies == 0) {
    const uint32_t slot = open.slot;
    open_.pop_front();
    events_->OnAnswer(slot, refusal_, {.values = values_, .posts = posts_});
    refusal_ = {};
    values_.clear();
    posts_.clear();
  }
  parts_.clear();
  bytes_.clear();
  return {};
}

Status RedisProtocol::TakeReply(const Open& open) {
  const Part& whole = parts_.front();
  if (whole.type == REDIS_REPLY_ERROR) {
    if (refusal_.ok()) refusal_ = {Code::kInvalid, Bytes(BytesOf(whole))};
    return {};
  }
  switch (open.kind) {
    case OperationKind::kPing:
    case OperationKind::kPut:
      return {};
    case OperationKind::kGet:
      return TakeString(whole);
    case OperationKind::kMGet:
      return TakeList(false);
    case OperationKind::kScan:
      return TakeList(open.replies == 2);
  }
  return {};
}

Status RedisProtocol::TakeString(const Part& part) {
  if (part.type == REDIS_REPLY_NIL) {
    if (refusal_.ok()) refusal_ = {Code::kNotFound, "there is no such key"};
    return {};
  }
  if (part.type != REDIS_REPLY_STRING) return NotTheProtocol("a string was asked for");
  values_.push_back(BytesOf(part));
  return {};
}

Status RedisProtocol::TakeList(bool of_posts) {
  if (parts_.front().type != REDIS_REPLY_ARRAY) return NotTheProtocol("a list was asked for");
  for (size_t i = 1; i < parts_.size(); ++i) {
    if (!of_posts) {
      SMILE_TRY(TakeString(parts_[i]));
      continue;
    }
    const ByteView text = BytesOf(parts_[i]);
    uint64_t post = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), post);
    if (error != std::errc() || end != text.end()) return NotTheProtocol("no post of ours");
    posts_.push_back(post);
  }
  return {};
}

}  // namespace smile::bench
