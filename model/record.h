// What is stored under a key, and how a write changes it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "model/key.h"
#include "model/number.h"

namespace smile {

// A stored record. Borrows the value.
struct RecordView {
  uint64_t version = 0;     // of the put that wrote it; increases with every write; never 0
  uint64_t checksum = 0;    // XXH3-64 of the value
  uint64_t expires_ms = 0;  // expiry time, Unix milliseconds; 0: never
  ByteView value = {};      // 0 bytes to 1 MiB

  // Whether the expiry time has come; `wall_millis` is Unix time.
  bool ExpiredAt(int64_t wall_millis) const {
    return expires_ms != 0 && wall_millis >= 0 && expires_ms <= static_cast<uint64_t>(wall_millis);
  }
};

// A stored record. Owns the value.
struct Record {
  uint64_t version = 0;     // as in RecordView
  uint64_t checksum = 0;    // as in RecordView
  uint64_t expires_ms = 0;  // as in RecordView
  Bytes value;              // as in RecordView

  Record() = default;
  // Copies the value.
  explicit Record(const RecordView& view)
      : version(view.version),
        checksum(view.checksum),
        expires_ms(view.expires_ms),
        value(view.value) {}
  // Borrows from this object.
  RecordView view() const { return {version, checksum, expires_ms, value}; }
};

// What a condition demands of the record.
enum class ConditionKind : uint8_t {
  kAlways = 0,     // nothing
  kIfAbsent = 1,   // that it is absent
  kIfVersion = 2,  // that it has the condition's version
};

// What must hold for a write to take effect. An expired record is absent.
struct Condition {
  ConditionKind kind = ConditionKind::kAlways;  // what is demanded
  uint64_t version = 0;                         // for kIfVersion; otherwise 0

  // Whether a record of version `current` meets it; 0: the record is absent.
  constexpr bool HoldsFor(uint64_t current) const {
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

// Met if the record is absent.
constexpr Condition IfAbsent() {
  return {ConditionKind::kIfAbsent, 0};
}
// Met if the record has this version, which is not 0.
constexpr Condition IfVersion(uint64_t version) {
  return {ConditionKind::kIfVersion, version};
}

static_assert(Condition().HoldsFor(0) && Condition().HoldsFor(7), "by default nothing is demanded");
static_assert(IfAbsent().HoldsFor(0) && !IfAbsent().HoldsFor(7));
static_assert(IfVersion(7).HoldsFor(7) && !IfVersion(7).HoldsFor(8) && !IfVersion(0).HoldsFor(0),
              "an absent record meets no version");

// What a mutation does.
enum class MutationKind : uint8_t {
  kPut = 1,     // writes a record, whether or not it exists
  kDelete = 2,  // deletes a record; no error if it is absent
  kAdd = 3,     // adds to a number record; an absent one is 0, and then never expires
};

// One change inside a partition. Borrows its bytes.
struct MutationView {
  MutationKind kind = MutationKind::kPut;  // what to do
  ByteView sort = {};                      // the sort key of the record
  Condition condition = {};                // what must hold
  uint64_t expires_ms = 0;                 // as in RecordView; puts only
  uint64_t checksum = 0;                   // XXH3-64 of the value; puts only
  ByteView value = {};                     // puts only
  Addition addition = {};                  // additions only
  // Of `links`: what watches are told of instead, a put or delete of the record with this sort key
  // in the same partition. Empty: of nothing.
  ByteView told_sort = {};
  MutationKind told_kind = MutationKind::kPut;  // which of them

  // Whether what it does depends on the record that is there.
  bool DependsOnRecord() const {
    return condition.kind != ConditionKind::kAlways || kind == MutationKind::kAdd;
  }
};

}  // namespace smile
