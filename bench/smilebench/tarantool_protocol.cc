#include "bench/smilebench/tarantool_protocol.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/coding.h"
#include "bench/smilebench/workload.h"

namespace smile::bench {
namespace {

// Of the protocol; names as in Tarantool's documentation.
enum RequestCode : uint8_t { kSelect = 0x01, kReplace = 0x03, kPing = 0x40 };
enum Field : uint8_t {
  kRequestType = 0x00,
  kSync = 0x01,
  kSpaceId = 0x10,
  kIndexId = 0x11,
  kLimit = 0x12,
  kOffset = 0x13,
  kIterator = 0x14,
  kKey = 0x20,
  kTuple = 0x21,
  kData = 0x30,
  kError = 0x31,
};
enum Iterator : uint8_t { kEq = 0, kReq = 1 };
constexpr uint64_t kSpacesView = 281;  // _vspace
constexpr uint64_t kSpacesByName = 2;  // its index
constexpr size_t kGreetingBytes = 128;
constexpr char kUint32 = static_cast<char>(0xce);  // how lengths of frames are written
constexpr size_t kLengthBytes = 1 + sizeof(uint32_t);

constexpr uint64_t kMaxRequests = 64;  // of one operation: the bits of Open::waiting
static_assert(kMaxRequests >= kKeysPerMGet);
constexpr size_t kMaxReplyBytes = size_t{256} << 20;

// What msgpack::packer writes to. It asks for a function that is not const.
struct Appender {
  Bytes* out;
  // NOLINTNEXTLINE(readability-make-member-function-const)
  void write(const char* bytes, size_t size) { out->append(bytes, size); }
};
using Packer = msgpack::packer<Appender>;

void PackString(ByteView bytes, Packer* packer) {
  packer->pack_str(static_cast<uint32_t>(bytes.size()));
  packer->pack_str_body(bytes.data(), static_cast<uint32_t>(bytes.size()));
}

void PackValue(ByteView bytes, Packer* packer) {
  packer->pack_bin(static_cast<uint32_t>(bytes.size()));
  packer->pack_bin_body(bytes.data(), static_cast<uint32_t>(bytes.size()));
}

Bytes NameOfRecord(uint64_t number) {
  return fmt::format("u:{:014}", number);
}

// Appends a request, the body of which `pack_body` packs.
template <class PackBody>
void AppendRequest(RequestCode code, uint64_t sync, Bytes* out, PackBody pack_body) {
  const size_t start = out->size();
  out->append(kLengthBytes, kUint32);
  Appender appender{out};
  Packer packer(appender);
  packer.pack_map(2).pack_uint8(kRequestType).pack_uint8(code).pack_uint8(kSync).pack_uint64(sync);
  pack_body(&packer);
  const auto length = static_cast<uint32_t>(out->size() - start - kLengthBytes);
  StoreLittle(out->data() + start + 1, ByteSwap(length));
}

// All of a SELECT's body but the key, which follows.
void PackSelect(uint64_t space, uint64_t index, uint32_t limit, Iterator iterator, Packer* packer) {
  packer->pack_map(6).pack_uint8(kSpaceId).pack_uint64(space);
  packer->pack_uint8(kIndexId).pack_uint64(index).pack_uint8(kLimit).pack_uint32(limit);
  packer->pack_uint8(kOffset).pack_uint8(0).pack_uint8(kIterator).pack_uint8(iterator);
  packer->pack_uint8(kKey);
}

Status NotIproto(std::string_view why) {
  return {Code::kProtocolError, fmt::format("not an answer in iproto: {}", why)};
}

// Null if there is no such field.
const msgpack::object* Find(const msgpack::object& map, Field field) {
  if (map.type != msgpack::type::MAP) return nullptr;
  for (uint32_t i = 0; i < map.via.map.size; ++i) {
    const msgpack::object_kv& each = map.via.map.ptr[i];
    if (each.key.type == msgpack::type::POSITIVE_INTEGER && each.key.via.u64 == field) {
      return &each.val;
    }
  }
  return nullptr;
}

bool ReadNumber(const msgpack::object* from, uint64_t* number) {
  if (from == nullptr || from->type != msgpack::type::POSITIVE_INTEGER) return false;
  *number = from->via.u64;
  return true;
}

bool ReadBytes(const msgpack::object* from, ByteView* bytes) {
  if (from == nullptr) return false;
  if (from->type == msgpack::type::STR) *bytes = {from->via.str.ptr, from->via.str.size};
  if (from->type == msgpack::type::BIN) *bytes = {from->via.bin.ptr, from->via.bin.size};
  return from->type == msgpack::type::STR || from->type == msgpack::type::BIN;
}

// Field `index` of a tuple; null if there is none.
const msgpack::object* At(const msgpack::object& tuple, uint32_t index) {
  if (tuple.type != msgpack::type::ARRAY || index >= tuple.via.array.size) return nullptr;
  return &tuple.via.array.ptr[index];
}

}  // namespace

TarantoolProtocol::TarantoolProtocol(uint32_t posts_per_author, DriverEvents* events)
    : posts_per_author_(posts_per_author), events_(events), greeting_left_(kGreetingBytes) {}

void TarantoolProtocol::Encode(uint32_t slot, const Operation& operation, Bytes* out) {
  switch (operation.kind) {
    case OperationKind::kPing:
      return EncodePing(Admit(slot, operation.kind, 2), out);
    case OperationKind::kGet:
      return EncodeGet(Admit(slot, operation.kind, 1), operation.number, out);
    case OperationKind::kPut:
      return EncodePut(Admit(slot, operation.kind, 1), operation, out);
    case OperationKind::kScan:
      return EncodeScan(Admit(slot, operation.kind, 1), operation, out);
    case OperationKind::kMGet:
      break;
  }
  const auto count = static_cast<uint32_t>(operation.numbers.size());
  const uint64_t first = Admit(slot, operation.kind, count);
  open_[first / kMaxRequests].values.resize(count);
  for (uint32_t i = 0; i < count; ++i) EncodeGet(first + i, operation.numbers[i], out);
}

// Gives the sync of the first of its requests.
uint64_t TarantoolProtocol::Admit(uint32_t slot, OperationKind kind, uint32_t requests) {
  CHECK(requests > 0 && requests <= kMaxRequests);
  uint64_t place = open_.size();
  if (free_.empty()) {
    open_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  Open& open = open_[place];
  open.slot = slot;
  open.kind = kind;
  open.waiting = ~uint64_t{0} >> (kMaxRequests - requests);
  return place * kMaxRequests;
}

void TarantoolProtocol::EncodePing(uint64_t sync, Bytes* out) const {
  AppendRequest(kPing, sync, out, [](Packer* packer) { packer->pack_map(0); });
  AppendRequest(kSelect, sync + 1, out, [&](Packer* packer) {
    PackSelect(kSpacesView, kSpacesByName, 1, kEq, packer);
    packer->pack_array(1);
    PackString(posts_per_author_ > 0 ? "posts" : "records", packer);
  });
}

void TarantoolProtocol::EncodePut(uint64_t sync, const Operation& operation, Bytes* out) const {
  AppendRequest(kReplace, sync, out, [&](Packer* packer) {
    packer->pack_map(2).pack_uint8(kSpaceId).pack_uint64(space_).pack_uint8(kTuple);
    if (posts_per_author_ > 0) {
      packer->pack_array(3).pack_uint64(operation.number / posts_per_author_);
      packer->pack_uint64(operation.number % posts_per_author_);
    } else {
      packer->pack_array(2);
      PackString(NameOfRecord(operation.number), packer);
    }
    PackValue(operation.value, packer);
  });
}

void TarantoolProtocol::EncodeGet(uint64_t sync, uint64_t number, Bytes* out) const {
  AppendRequest(kSelect, sync, out, [&](Packer* packer) {
    PackSelect(space_, 0, 1, kEq, packer);
    packer->pack_array(1);
    PackString(NameOfRecord(number), packer);
  });
}

void TarantoolProtocol::EncodeScan(uint64_t sync, const Operation& operation, Bytes* out) const {
  AppendRequest(kSelect, sync, out, [&](Packer* packer) {
    PackSelect(space_, 0, operation.limit, kReq, packer);
    packer->pack_array(1).pack_uint64(operation.number);
  });
}

Status TarantoolProtocol::Receive(ByteView bytes) {
  const size_t greeting = std::min(greeting_left_, bytes.size());
  greeting_left_ -= greeting;
  bytes.remove_prefix(greeting);
  in_.append(bytes);
  size_t at = 0;
  Status status;
  while (status.ok() && in_.size() - at >= kLengthBytes) {
    const size_t length = LoadBig<uint32_t>(in_.data() + at + 1);
    if (in_[at] != kUint32 || length > kMaxReplyBytes) return NotIproto("no length");
    if (in_.size() - at - kLengthBytes < length) break;
    status = OnFrame(ByteView(in_).substr(at + kLengthBytes, length));
    at += kLengthBytes + length;
  }
  in_.erase(0, at);
  return status;
}

Status TarantoolProtocol::OnFrame(ByteView frame) {
  const auto borrow = [](msgpack::type::object_type, size_t, void*) { return true; };
  zone_.clear();
  try {
    size_t at = 0;
    const msgpack::object header = msgpack::unpack(zone_, frame.data(), frame.size(), at, borrow);
    msgpack::object body;
    if (at < frame.size()) {
      body = msgpack::unpack(zone_, frame.data(), frame.size(), at, borrow);
    }
    uint64_t code = 0;
    uint64_t sync = 0;
    if (!ReadNumber(Find(header, kRequestType), &code) || !ReadNumber(Find(header, kSync), &sync)) {
      return NotIproto("no code or sync");
    }
    return OnReply(sync, code, body);
  } catch (const msgpack::unpack_error& error) {
    return NotIproto(error.what());
  }
}

Status TarantoolProtocol::OnReply(uint64_t sync, uint64_t code, const msgpack::object& body) {
  const uint64_t place = sync / kMaxRequests;
  const uint64_t request = sync % kMaxRequests;
  const uint64_t bit = uint64_t{1} << request;
  if (place >= open_.size() || (open_[place].waiting & bit) == 0) {
    return NotIproto("nobody asked");
  }
  Open& open = open_[place];
  if (code != 0) {
    ByteView words = "refused without a message";
    ReadBytes(Find(body, kError), &words);
    if (open.refusal.ok()) open.refusal = {Code::kInvalid, Bytes(words)};
  } else {
    const msgpack::object* const data = Find(body, kData);
    SMILE_TRY(
        Take(&open, static_cast<uint32_t>(request), data == nullptr ? msgpack::object() : *data));
  }
  open.waiting &= ~bit;
  if (open.waiting == 0) Finish(place);
  return {};
}

// Takes what is asked for out of the tuples.
Status TarantoolProtocol::Take(Open* open, uint32_t request, const msgpack::object& data) {
  if (open->kind == OperationKind::kPut) return {};
  if (open->kind == OperationKind::kPing && request == 0) return {};
  if (data.type != msgpack::type::ARRAY) return NotIproto("no tuples");
  if (data.via.array.size == 0 && open->kind != OperationKind::kScan && open->refusal.ok()) {
    open->refusal = {Code::kNotFound, open->kind == OperationKind::kPing
                                          ? "there is no space of the name that is needed"
                                          : "there is no such key"};
  }
  for (uint32_t i = 0; i < data.via.array.size; ++i) {
    const msgpack::object& tuple = data.via.array.ptr[i];
    if (open->kind == OperationKind::kPing) {
      if (!ReadNumber(At(tuple, 0), &space_)) return NotIproto("no space");
      continue;
    }
    ByteView value;
    if (open->kind == OperationKind::kScan) {
      if (!ReadNumber(At(tuple, 1), &posts_.emplace_back())) return NotIproto("no post");
    }
    const uint32_t where = open->kind == OperationKind::kScan ? 2 : 1;
    if (!ReadBytes(At(tuple, where), &value)) return NotIproto("no value");
    if (open->kind == OperationKind::kMGet) {
      open->values[request] = value;
    } else {
      values_.push_back(value);
    }
  }
  return {};
}

void TarantoolProtocol::Finish(uint64_t place) {
  Open& open = open_[place];
  if (open.kind == OperationKind::kMGet) values_.assign(open.values.begin(), open.values.end());
  const uint32_t slot = open.slot;
  const Status refusal = std::exchange(open.refusal, {});
  // Its place is taken again only once it was answered: the values may be there.
  events_->OnAnswer(slot, refusal, {.values = values_, .posts = posts_});
  free_.push_back(place);
  values_.clear();
  posts_.clear();
}

void TarantoolProtocol::FailAll(const Status& why) {
  for (uint64_t place = 0; place < open_.size(); ++place) {
    if (open_[place].waiting == 0) continue;
    open_[place].waiting = 0;
    free_.push_back(place);
    events_->OnAnswer(open_[place].slot, why, {});
  }
}

}  // namespace smile::bench
