// Messages to bytes and back, derived from their fields (protocol/field.h).
//
//   unsigned integers  fixed width, little-endian
//   bool, enums        one byte; a value without a name is refused
//   bytes              varint length, then the bytes
//   list               varint count (at most limits::kMaxListItems), then the elements
//   message in message its required fields in order
//   optional fields    behind all required ones: tag (one byte), varint length, value
//
// Decoding never copies bytes: views in a decoded message point into the body it was decoded
// from. It allocates only for lists, after their count was bounded by what could be in the body.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/coding.h"
#include "base/limits.h"
#include "base/status.h"
#include "protocol/field.h"

namespace smile {

namespace codec_internal {

template <class T>
constexpr size_t MinWireBytes();

template <class M>
constexpr size_t MinRequiredBytes() {
  size_t total = 0;
  ForEachField<M>([&](const auto& field) {
    using T = std::remove_cvref_t<decltype(std::declval<M>().*(field.kMember))>;
    if constexpr (!kIsOptional<T>) total += MinWireBytes<T>();
  });
  return total;
}

template <class T>
constexpr size_t MinWireBytes() {
  if constexpr (std::is_enum_v<T> || std::is_same_v<T, ByteView> || kIsList<T>) {
    return 1;
  } else if constexpr (std::unsigned_integral<T>) {
    return sizeof(T);
  } else {
    return MinRequiredBytes<T>();
  }
}

template <class T>
void EncodeValue(const T& value, Bytes* out) {
  if constexpr (std::is_same_v<T, bool> || std::is_enum_v<T>) {
    out->push_back(static_cast<char>(value));
  } else if constexpr (std::unsigned_integral<T>) {
    AppendLittle(out, value);
  } else if constexpr (std::is_same_v<T, ByteView>) {
    AppendVarint(out, value.size());
    out->append(value);
  } else if constexpr (kIsList<T>) {
    AppendVarint(out, value.size());
    for (const auto& element : value) EncodeValue(element, out);
  } else {
    ForEachField<T>([&](const auto& field) {
      static_assert(!kIsOptional<std::remove_cvref_t<decltype(value.*(field.kMember))>>,
                    "a message inside a message has no optional fields");
      EncodeValue(value.*(field.kMember), out);
    });
  }
}

inline bool DecodeBytes(ByteReader* in, ByteView* bytes) {
  ByteReader ahead = *in;
  uint64_t size = 0;
  if (!ahead.ReadVarint(&size) || size > ahead.remaining()) return false;
  if (!ahead.ReadBytes(static_cast<size_t>(size), bytes)) return false;
  *in = ahead;
  return true;
}

template <class T>
bool DecodeValue(ByteReader* in, T* value) {
  if constexpr (std::is_same_v<T, bool>) {
    uint8_t byte = 0;
    if (!in->ReadLittle(&byte) || byte > 1) return false;
    *value = byte == 1;
    return true;
  } else if constexpr (std::is_enum_v<T>) {
    uint8_t byte = 0;
    if (!in->ReadLittle(&byte)) return false;
    *value = static_cast<T>(byte);
    return !NameOf(*value).empty();
  } else if constexpr (std::unsigned_integral<T>) {
    return in->ReadLittle(value);
  } else if constexpr (std::is_same_v<T, ByteView>) {
    return DecodeBytes(in, value);
  } else if constexpr (kIsList<T>) {
    using Element = typename T::value_type;
    static_assert(MinWireBytes<Element>() > 0, "a count is bounded by the bytes that are there");
    uint64_t count = 0;
    if (!in->ReadVarint(&count) || count > limits::kMaxListItems ||
        count > in->remaining() / MinWireBytes<Element>()) {
      return false;
    }
    value->resize(static_cast<size_t>(count));
    return std::all_of(value->begin(), value->end(),
                       [&](Element& element) { return DecodeValue(in, &element); });
  } else {
    bool decoded = true;
    ForEachField<T>([&](const auto& field) {
      decoded = decoded && DecodeValue(in, &(value->*(field.kMember)));
    });
    return decoded;
  }
}

inline Status MalformedField(std::string_view name) {
  return {Code::kInvalid, "the field \"" + std::string(name) +
                              "\" ends too early or has a value that it cannot have"};
}

// Gives the optional field with this tag its value.
template <Message M>
Status DecodeOptional(uint8_t tag, ByteView bytes, M* message) {
  bool known = false;
  Status status;
  ForEachField<M>([&](const auto& field) {
    using T = std::remove_cvref_t<decltype(message->*(field.kMember))>;
    if constexpr (kIsOptional<T>) {
      if (field.tag != tag) return;
      known = true;
      ByteReader in(bytes);
      auto& value = (message->*(field.kMember)).emplace();
      if (!DecodeValue(&in, &value) || !in.empty()) status = MalformedField(field.name);
    }
  });
  if (!known && IsCriticalTag(tag)) {
    return {Code::kUnsupported,
            "this version does not know the critical field with tag " + std::to_string(tag)};
  }
  return status;
}

}  // namespace codec_internal

// Appends the message's encoding to `out`.
template <Message M>
void Encode(const M& message, Bytes* out) {
  uint8_t last_tag = 0;
  ForEachField<M>([&](const auto& field) {
    const auto& value = message.*(field.kMember);
    if constexpr (kIsOptional<std::remove_cvref_t<decltype(value)>>) {
      CHECK(field.tag > last_tag, "optional fields stand last, in the order of their tags");
      last_tag = field.tag;
      if (!value.has_value()) return;
      Bytes encoded;
      codec_internal::EncodeValue(*value, &encoded);
      out->push_back(static_cast<char>(field.tag));
      AppendVarint(out, encoded.size());
      out->append(encoded);
    } else {
      CHECK(field.tag == 0 && last_tag == 0, "required fields stand first");
      codec_internal::EncodeValue(value, out);
    }
  });
}

// Decodes the whole of `body`. kInvalid or kUnsupported, in words that name the field, when it is
// not such a message; `message` is then in a valid but unspecified state.
template <Message M>
Status Decode(ByteView body, M* message) {
  ByteReader in(body);
  std::string_view malformed;
  ForEachField<M>([&](const auto& field) {
    auto& value = message->*(field.kMember);
    if constexpr (kIsOptional<std::remove_cvref_t<decltype(value)>>) {
      value.reset();
    } else {
      if (malformed.empty() && !codec_internal::DecodeValue(&in, &value)) malformed = field.name;
    }
  });
  if (!malformed.empty()) return codec_internal::MalformedField(malformed);
  uint8_t last_tag = 0;
  while (!in.empty()) {
    uint8_t tag = 0;
    ByteView bytes;
    if (!in.ReadLittle(&tag) || !codec_internal::DecodeBytes(&in, &bytes)) {
      return {Code::kInvalid, "the message ends inside an optional field"};
    }
    if (tag <= last_tag) return {Code::kInvalid, "tags of optional fields must ascend"};
    last_tag = tag;
    if (Status status = codec_internal::DecodeOptional(tag, bytes, message); !status.ok()) {
      return status;
    }
  }
  return {};
}

}  // namespace smile
