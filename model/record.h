// What is stored under a key, and how a write changes it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "model/key.h"

namespace smile {

// Borrows the value.
struct RecordView {
  uint64_t version = 0;     // of the put that wrote it; increases with every write; never 0
  uint64_t checksum = 0;    // XXH3-64 of the value
  uint64_t expires_ms = 0;  // expiry time, Unix milliseconds; 0: never
  ByteView value = {};

  bool ExpiredAt(int64_t wall_millis) const {
    return expires_ms != 0 && wall_millis >= 0 && expires_ms <= static_cast<uint64_t>(wall_millis);
  }
};

struct Record {
  uint64_t version = 0;
  uint64_t checksum = 0;
  uint64_t expires_ms = 0;
  Bytes value;

  Record() = default;
  explicit Record(const RecordView& view)
      : version(view.version),
        checksum(view.checksum),
        expires_ms(view.expires_ms),
        value(view.value) {}
  RecordView view() const { return {version, checksum, expires_ms, value}; }
};

enum class ConditionKind : uint8_t { kAlways = 0, kIfAbsent = 1, kIfVersion = 2 };

// What must hold for a write to take effect. An expired record is absent.
struct Condition {
  ConditionKind kind = ConditionKind::kAlways;
  uint64_t version = 0;  // for kIfVersion; else 0

  // `current` is the record's version, 0 if it is absent.
  bool HoldsFor(uint64_t current) const {
    switch (kind) {
      case ConditionKind::kAlways:
        return true;
      case ConditionKind::kIfAbsent:
        return current == 0;
      case ConditionKind::kIfVersion:
        return current == version && current != 0;
    }
    return false;
  }
};

// Conditions of a write.
constexpr Condition IfAbsent() {
  return {ConditionKind::kIfAbsent, 0};
}
constexpr Condition IfVersion(uint64_t version) {
  return {ConditionKind::kIfVersion, version};
}

enum class MutationKind : uint8_t { kPut = 1, kDelete = 2 };

// One change inside a partition. Borrows its bytes.
struct MutationView {
  MutationKind kind = MutationKind::kPut;
  ByteView sort = {};
  Condition condition = {};
  uint64_t expires_ms = 0;  // as in RecordView; puts only
  uint64_t checksum = 0;    // XXH3-64 of the value; puts only
  ByteView value = {};      // puts only
};

}  // namespace smile
