// The checksums that messages carry beside the values of records, derived from the fields: a field
// of the form kChecksum is the XXH3-64 of the kValue field of the same message. So no operation has
// to be remembered when checksums are computed or verified.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/bytes.h"
#include "base/hash.h"
#include "model/record.h"
#include "protocol/field.h"

namespace smile {

// Whether M, or a message in it, has a checksum.
template <Message M>
constexpr bool HasChecksums() {
  return HasField<M>([](const auto& field) { return field.text == TextForm::kChecksum; });
}

namespace checksum_internal {

// The kValue field of a message that has a checksum.
template <Message M>
ByteView ValueOf(const M& message) {
  ByteView value;
  ForEachField<M>([&](const auto& field) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(message.*(field.kMember))>,
                                 ByteView>) {
      if (field.text == TextForm::kValue) value = message.*(field.kMember);
    }
  });
  return value;
}

// Calls visit(checksum) for each checksum of the message itself.
template <class M, class Visit>
void ForEachChecksum(M* message, Visit&& visit) {
  ForEachField<std::remove_const_t<M>>([&](const auto& field) {
    auto& member = message->*(field.kMember);
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, uint64_t>) {
      if (field.text == TextForm::kChecksum) visit(member);
    }
  });
}

// Calls visit(&part) for each message with checksums in the message: its fields and the elements of
// its lists. Those beside an outcome other than found are empty and left out.
template <class M, class Visit>
void ForEachPart(M* message, Visit&& visit) {
  if (!HasRecord(*message)) return;
  ForEachField<std::remove_const_t<M>>([&](const auto& field) {
    auto& member = message->*(field.kMember);
    using T = std::remove_cvref_t<decltype(member)>;
    if constexpr (kIsList<T>) {
      if constexpr (Message<typename T::value_type>) {
        if constexpr (HasChecksums<typename T::value_type>()) {
          for (auto& element : member) visit(&element);
        }
      }
    } else if constexpr (Message<T>) {
      if constexpr (HasChecksums<T>()) visit(&member);
    }
  });
}

// Whether the message writes no value: a delete.
template <Message M>
bool WritesNoValue(const M& message) {
  bool none = false;
  ForEachField<M>([&](const auto& field) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(message.*(field.kMember))>,
                                 ItemKind>) {
      none = message.*(field.kMember) == ItemKind::kDelete;
    }
  });
  return none;
}

}  // namespace checksum_internal

// Computes each checksum that is 0. (A value whose checksum is 0 has it computed again, with the
// same result.)
template <Message M>
void FillChecksums(M* message) {
  if (checksum_internal::WritesNoValue(*message)) return;
  checksum_internal::ForEachChecksum(message, [&](uint64_t& checksum) {
    if (checksum == 0) checksum = Hash64(checksum_internal::ValueOf(*message));
  });
  checksum_internal::ForEachPart(message, [](auto* part) { FillChecksums(part); });
}

// Whether each value of a reply has the checksum that came with it.
template <Message M>
bool ChecksumsMatch(const M& message) {
  bool match = true;
  checksum_internal::ForEachChecksum(&message, [&](uint64_t checksum) {
    match = match && Hash64(checksum_internal::ValueOf(message)) == checksum;
  });
  checksum_internal::ForEachPart(&message,
                                 [&](const auto* part) { match = match && ChecksumsMatch(*part); });
  return match;
}

}  // namespace smile
