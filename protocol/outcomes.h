// The outcome of each part of a request whose reply has several.
#pragma once

#include <array>
#include <cstdint>

#include "model/media_fault.h"
#include "protocol/field.h"

namespace smile {

// Outcome of one key of an MGET.
enum class KeyOutcome : uint8_t {
  kFound = 0,
  kNotFound = 1,
  kRetry = 2,
  kCorrupt = 3,
  kTooLarge = 4
};

template <>
struct EnumTable<KeyOutcome> {
  static constexpr std::array<EnumValue<KeyOutcome>, 5> kValues{
      {{KeyOutcome::kFound, "found"},
       {KeyOutcome::kNotFound, "not_found"},
       {KeyOutcome::kRetry, "retry"},
       {KeyOutcome::kCorrupt, "corrupt"},
       {KeyOutcome::kTooLarge, "too_large"}}};
};

// Outcome of one entry of a SCAN, or of a list or check of what is like records.
enum class EntryOutcome : uint8_t { kFound = 0, kCorrupt = 1, kGap = 2, kTooLarge = 3, kRetry = 4 };

template <>
struct EnumTable<EntryOutcome> {
  static constexpr std::array<EnumValue<EntryOutcome>, 5> kValues{
      {{EntryOutcome::kFound, "found"},
       {EntryOutcome::kCorrupt, "corrupt"},
       {EntryOutcome::kGap, "gap"},
       {EntryOutcome::kTooLarge, "too_large"},
       {EntryOutcome::kRetry, "retry"}}};
};

template <>
struct EnumTable<MediaFault> {
  static constexpr std::array<EnumValue<MediaFault>, 8> kValues{
      {{MediaFault::kDamagedRecord, "damaged_record"},
       {MediaFault::kNoReference, "no_reference"},
       {MediaFault::kOtherContent, "other_content"},
       {MediaFault::kNoBytes, "no_bytes"},
       {MediaFault::kDamagedBytes, "damaged_bytes"},
       {MediaFault::kNoMediaRecord, "no_media_record"},
       {MediaFault::kUnusedContent, "unused_content"},
       {MediaFault::kUnknownFile, "unknown_file"}}};
};

static_assert(EnumIsSound<KeyOutcome>());
static_assert(EnumIsSound<EntryOutcome>());
static_assert(EnumIsSound<MediaFault>());
// The text form omits the first value, which is the usual one.
static_assert(EnumTable<KeyOutcome>::kValues[0].value == KeyOutcome::kFound);
static_assert(EnumTable<EntryOutcome>::kValues[0].value == EntryOutcome::kFound);

}  // namespace smile
