// Splits the bytes of a message into its fields. See protocol/describe.h.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "protocol/codec.h"
#include "protocol/field.h"
#include "protocol/text_tree.h"

namespace smile {

// Consecutive bytes of a frame and what they are.
struct FramePart {
  size_t offset = 0;  // in the frame
  ByteView bytes;
  std::string name;     // "key.partition", "items[2].value", "length of value"
  std::string meaning;  // "42", "\"Ada\"", "users"
  bool broken = false;  // the bytes are invalid; meaning says why
  // The bytes are a secret, or could be: they are not shown.
  bool is_secret = false;
};

class Dissector {
 public:
  // Starts at `offset` of `frame`.
  Dissector(ByteView frame, size_t offset, const TextContext& context)
      : frame_(frame), in_(frame.substr(offset)), context_(context), end_(offset) {}

  // Takes one message, up to the end or to bytes that are broken.
  template <Message M>
  void Take();

  // Reports remaining bytes as unexpected.
  void TakeRest();

  std::vector<FramePart>& parts() { return parts_; }

 private:
  size_t offset() const { return frame_.size() - in_.remaining(); }
  void Add(size_t start, std::string name, std::string meaning);
  void AddSecret(size_t start, std::string name);
  void Break(std::string name, std::string why);
  // A varint; false if it is invalid or exceeds `max`.
  bool TakeLength(const std::string& name, uint64_t max, uint64_t* value);
  bool TakeText(const std::string& name, TextForm form);

  template <class T>
  bool TakeValue(const std::string& name, TextForm form);
  template <class T>
  bool TakeOneByte(const std::string& name);
  template <class T>
  bool TakeNumber(const std::string& name, TextForm form);
  template <class T>
  bool TakeList(const std::string& name, TextForm form);
  template <Message M>
  bool TakeRequired(const std::string& prefix);
  template <Message M>
  bool TakeOptional();

  const ByteView frame_;
  ByteReader in_;
  TextContext context_;
  bool has_secrets_ = true;  // what cannot be decoded may be one
  size_t end_;               // of the last part
  std::vector<FramePart> parts_;
};

template <class T>
bool Dissector::TakeOneByte(const std::string& name) {
  const size_t start = offset();
  T value{};
  ByteReader ahead = in_;
  if (!codec_internal::DecodeValue(&ahead, &value)) {
    Break(name, in_.empty() ? "the frame ends here" : "invalid value");
    return false;
  }
  in_ = ahead;
  if constexpr (std::is_same_v<T, bool>) {
    Add(start, name, value ? "true" : "false");
  } else {
    if constexpr (std::is_same_v<T, Table>) context_.table = value;
    Add(start, name, std::string(NameOf(value)));
  }
  return true;
}

template <class T>
bool Dissector::TakeNumber(const std::string& name, TextForm form) {
  const size_t start = offset();
  std::make_unsigned_t<T> value{};
  if (!in_.ReadLittle(&value)) {
    Break(name, "truncated");
    return false;
  }
  Add(start, name,
      form == TextForm::kChecksum ? WordForChecksum(value) : std::to_string(static_cast<T>(value)));
  return true;
}

template <class T>
bool Dissector::TakeList(const std::string& name, TextForm form) {
  uint64_t count = 0;
  if (!TakeLength("count of " + name, limits::kMaxListItems, &count)) return false;
  for (uint64_t i = 0; i < count; ++i) {
    if (!TakeValue<typename T::value_type>(name + "[" + std::to_string(i) + "]", form))
      return false;
  }
  return true;
}

template <class T>
bool Dissector::TakeValue(const std::string& name, TextForm form) {
  if constexpr (std::is_same_v<T, bool> || std::is_enum_v<T>) {
    return TakeOneByte<T>(name);
  } else if constexpr (WireInteger<T>) {
    return TakeNumber<T>(name, form);
  } else if constexpr (std::is_same_v<T, ByteView>) {
    return TakeText(name, form);
  } else if constexpr (kIsList<T>) {
    return TakeList<T>(name, form);
  } else {
    return TakeRequired<T>(name + ".");
  }
}

template <Message M>
bool Dissector::TakeRequired(const std::string& prefix) {
  bool whole = true;
  ForEachField<M>([&](const auto& field) {
    using T = std::remove_cvref_t<decltype(std::declval<M>().*(field.kMember))>;
    if constexpr (!kIsOptional<T>) {
      whole = whole && TakeValue<T>(prefix + std::string(field.name), field.text);
    }
  });
  return whole;
}

template <Message M>
bool Dissector::TakeOptional() {
  const size_t start = offset();
  uint8_t tag = 0;
  if (!in_.ReadLittle(&tag)) return false;
  Add(start, "tag", std::to_string(tag));
  bool known = false;
  bool whole = true;
  uint64_t length = 0;
  ForEachField<M>([&](const auto& field) {
    using T = std::remove_cvref_t<decltype(std::declval<M>().*(field.kMember))>;
    if constexpr (kIsOptional<T>) {
      if (field.tag != tag) return;
      CHECK(!known && !parts_.empty(), "a tag belongs to one field");
      known = true;
      const std::string name(field.name);
      parts_.back().meaning += ": " + name;
      whole = TakeLength("size of " + name, in_.remaining(), &length);
      if (!whole) return;
      const size_t end = offset() + length;
      whole = TakeValue<typename OptionalInner<T>::Type>(name, field.text);
      if (whole && offset() != end) {
        Break(name, "size does not match the value");
        whole = false;
      }
    }
  });
  if (known) return whole;
  parts_.back().meaning += IsCriticalTag(tag) ? ": unknown, critical" : ": unknown, ignored";
  if (!TakeLength("size of the unknown field", in_.remaining(), &length)) return false;
  const size_t value_start = offset();
  ByteView value;
  (void)in_.ReadBytes(static_cast<size_t>(length), &value);
  if (has_secrets_) {
    AddSecret(value_start, "unknown field");
  } else {
    Add(value_start, "unknown field", WordFor(TextForm::kOpaque, {}, value));
  }
  return true;
}

template <Message M>
void Dissector::Take() {
  has_secrets_ = HasSecrets<M>();
  if (!TakeRequired<M>("")) return;
  while (!in_.empty() && TakeOptional<M>()) {
  }
}

}  // namespace smile
