// What became of one of the things that a request asks for, where a reply has many.
#pragma once

#include <array>
#include <cstdint>

#include "protocol/field.h"

namespace smile {

// Of a key of an MGET.
enum class KeyOutcome : uint8_t {
  kFound = 0,
  kNotFound = 1,
  kAskAgain = 2,
  kCorrupt = 3,
  kTooLarge = 4
};

template <>
struct EnumTable<KeyOutcome> {
  static constexpr std::array<EnumValue<KeyOutcome>, 5> kValues{
      {{KeyOutcome::kFound, "found"},
       {KeyOutcome::kNotFound, "not_found"},
       {KeyOutcome::kAskAgain, "ask_again"},
       {KeyOutcome::kCorrupt, "corrupt"},
       {KeyOutcome::kTooLarge, "too_large"}}};
};

// Of an entry of a SCAN.
enum class EntryOutcome : uint8_t { kFound = 0, kCorrupt = 1, kGap = 2, kTooLarge = 3 };

template <>
struct EnumTable<EntryOutcome> {
  static constexpr std::array<EnumValue<EntryOutcome>, 4> kValues{
      {{EntryOutcome::kFound, "found"},
       {EntryOutcome::kCorrupt, "corrupt"},
       {EntryOutcome::kGap, "gap"},
       {EntryOutcome::kTooLarge, "too_large"}}};
};

}  // namespace smile
