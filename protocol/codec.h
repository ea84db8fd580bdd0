// Encodes and decodes messages, derived from their fields (protocol/field.h).
//
//   integers           fixed width, little-endian; with a sign in two's complement
//   bool, enums        one byte; a value without a name is invalid
//   bytes              varint length, then the bytes
//   list               varint count (at most limits::kMaxListItems), then the elements
//   message in message its required fields in order
//   optional fields    after all required ones: tag (one byte), varint length, value
//
// Decoding never copies bytes: views in a decoded message point into its body. It allocates only
// for lists, after their count was compared with what the body can contain.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
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
  } else if constexpr (WireInteger<T>) {
    return sizeof(T);
  } else {
    return MinRequiredBytes<T>();
  }
}

template <class T>
size_t WireBytes(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    static_assert(sizeof(T) == 1, "one byte on the wire");
    return 1;
  } else if constexpr (WireInteger<T>) {  // and bool
    return sizeof(T);
  } else if constexpr (std::is_same_v<T, ByteView>) {
    return VarintSize(value.size()) + value.size();
  } else if constexpr (kIsList<T>) {
    size_t bytes = VarintSize(value.size());
    for (const auto& element : value) bytes += WireBytes(element);
    return bytes;
  } else {
    size_t bytes = 0;
    ForEachField<T>([&](const auto& field) {
      static_assert(!kIsOptional<std::remove_cvref_t<decltype(value.*(field.kMember))>>,
                    "a message inside a message has no optional fields");
      bytes += WireBytes(value.*(field.kMember));
    });
    return bytes;
  }
}

// `to` has room for WireBytes(value) bytes; returns their end.
template <class T>
char* StoreValue(char* to, const T& value) {
  if constexpr (std::is_same_v<T, bool> || std::is_enum_v<T>) {
    *to = static_cast<char>(value);
    return to + 1;
  } else if constexpr (WireInteger<T>) {
    StoreLittle(to, static_cast<std::make_unsigned_t<T>>(value));
    return to + sizeof(T);
  } else if constexpr (std::is_same_v<T, ByteView>) {
    to = StoreVarint(to, value.size());
    return to + value.copy(to, value.size());
  } else if constexpr (kIsList<T>) {
    to = StoreVarint(to, value.size());
    for (const auto& element : value) to = StoreValue(to, element);
    return to;
  } else {
    ForEachField<T>([&](const auto& field) { to = StoreValue(to, value.*(field.kMember)); });
    return to;
  }
}

template <class T>
void EncodeValue(const T& value, Bytes* out) {
  const size_t before = out->size();
  out->resize(before + WireBytes(value));
  const char* const end = StoreValue(out->data() + before, value);
  CHECK(end == out->data() + out->size());
}

inline bool DecodeBytes(ByteReader* in, ByteView* bytes) {
  ByteReader ahead = *in;
  uint64_t size = 0;
  if (!ahead.ReadVarint(&size) || size > ahead.remaining()) return false;
  if (!ahead.ReadBytes(static_cast<size_t>(size), bytes)) return false;
  CHECK(bytes->size() == size && ahead.remaining() < in->remaining());
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
  } else if constexpr (WireInteger<T>) {
    std::make_unsigned_t<T> bits = 0;
    if (!in->ReadLittle(&bits)) return false;
    *value = static_cast<T>(bits);
    return true;
  } else if constexpr (std::is_same_v<T, ByteView>) {
    return DecodeBytes(in, value);
  } else if constexpr (kIsList<T>) {
    using Element = typename T::value_type;
    static_assert(MinWireBytes<Element>() > 0, "the bytes of the body limit the count");
    uint64_t count = 0;
    if (!in->ReadVarint(&count) || count > limits::kMaxListItems ||
        count > in->remaining() / MinWireBytes<Element>()) {
      return false;
    }
    CHECK(count <= in->remaining());
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
  return {Code::kInvalid,
          "the field \"" + std::string(name) + "\" is truncated or has an invalid value"};
}

// Decodes the value of the optional field with this tag.
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
    return {Code::kUnsupported, "unknown critical field with tag " + std::to_string(tag)};
  }
  return status;
}

}  // namespace codec_internal

// Appends the encoding of the message to `out`.
template <Message M>
void Encode(const M& message, Bytes* out) {
  static_assert(FieldsAreSound<M>());
  ForEachField<M>([&](const auto& field) {
    const auto& value = message.*(field.kMember);
    if constexpr (kIsOptional<std::remove_cvref_t<decltype(value)>>) {
      if (!value.has_value()) return;
      Bytes encoded;
      codec_internal::EncodeValue(*value, &encoded);
      out->push_back(static_cast<char>(field.tag));
      AppendVarint(out, encoded.size());
      out->append(encoded);
    } else {
      codec_internal::EncodeValue(value, out);
    }
  });
}

// Decodes all of `body`. If it is not such a message: kInvalid or kUnsupported, with a message that
// names the field; `message` is then in a valid but unspecified state.
template <Message M>
Status Decode(ByteView body, M* message) {
  static_assert(FieldsAreSound<M>());
  static_assert(codec_internal::MinRequiredBytes<M>() < limits::kMaxFrameBytes);
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
      return {Code::kInvalid, "the message is truncated inside an optional field"};
    }
    if (tag <= last_tag)
      return {Code::kInvalid, "the tags of optional fields are not in ascending order"};
    last_tag = tag;
    if (Status status = codec_internal::DecodeOptional(tag, bytes, message); !status.ok()) {
      return status;
    }
  }
  CHECK(in.empty(), "every byte of a valid body belongs to a field");
  return {};
}

}  // namespace smile
