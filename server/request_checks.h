// Checks of fields that several families of operations have.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "base/check.h"
#include "base/result.h"
#include "base/sha256.h"
#include "base/status.h"
#include "model/key.h"
#include "model/tables.h"
#include "protocol/field.h"

namespace smile {

inline Status CheckLength(std::string_view what, ByteView bytes, size_t length) {
  if (bytes.size() == length) return {};
  return {Code::kInvalid, fmt::format("{} has {} bytes, not {}", what, bytes.size(), length)};
}

// The records of some tables can be listed, but only services read and write them.
inline Status CheckTable(Table table) {
  if (!InfoOf(table).internal) return {};
  return {Code::kInvalid,
          fmt::format("the records of the table {} are the server's own: there are operations for "
                      "what it holds, such as LINK",
                      InfoOf(table).name)};
}

inline Status CheckKey(const KeyView& key) {
  SMILE_TRY(CheckTable(key.table));
  return ValidateKey(key);
}

inline Status CheckPartition(const PartitionView& partition) {
  SMILE_TRY(CheckTable(partition.table));
  return ValidatePartition(partition);
}

inline Status CheckLinkKind(uint8_t kind) {
  if (kind != 0) return {};
  return {Code::kInvalid, "0 is not a kind of links; kinds are numbers from 1 to 255"};
}

// The maximum number of entries of a page.
inline Status CheckLimit(uint32_t limit) {
  if (limit != 0) return {};
  return {Code::kInvalid, "limit is 0; it must be at least 1"};
}

inline Status CheckAtMost(std::string_view what, ByteView bytes, size_t most) {
  if (bytes.size() <= most) return {};
  return {Code::kTooLarge, fmt::format("{} has {} bytes, more than {}", what, bytes.size(), most)};
}

// The id of a session. An id that must be there, or may be absent.
inline Status CheckSessionId(const std::optional<ByteView>& id) {
  return id.has_value() ? CheckLength("the id of a session", *id, sizeof(Sha256Digest::bytes))
                        : Status();
}

// A Sha256Digest, ContentId, ... Its length was checked.
template <class T>
T FromWire(ByteView bytes) {
  T value;
  CHECK(bytes.size() == value.bytes.size(), "Check() comes first");
  std::memcpy(value.bytes.data(), bytes.data(), bytes.size());
  return value;
}

template <class T>
std::optional<T> FromWire(const std::optional<ByteView>& bytes) {
  return bytes.has_value() ? std::optional(FromWire<T>(*bytes)) : std::nullopt;
}

}  // namespace smile
