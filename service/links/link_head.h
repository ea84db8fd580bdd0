// The head of a user's links of one kind: how many there are and, while they are few and short, the
// links themselves. It is one record, so most lists, lookups and changes of links touch no other.
//
// It has one of two forms:
//
//   1 | count: u64           indexed: each link is in two records of its own (link_records.h)
//   2 | count: u16 | links   compact: time u64, other u64, inverse u8, size of the value u16, value
//
// The links of a compact head are newest first; of one time, by the other's id. No head: no links.
// A link that would make a compact head larger than kMaxCompactHeadBytes makes it indexed, and so
// it stays until its last link goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/coding.h"
#include "model/tables.h"
#include "service/links/link_records.h"

namespace smile {

// Few enough bytes that writing all of them costs little more than writing one link.
inline constexpr size_t kMaxCompactHeadBytes = 2048;

// Borrows the value.
struct CompactLink {
  uint64_t time_ms = 0;
  uint64_t other = 0;
  LinkKind inverse = LinkKind::kFriend;
  ByteView value;

  // Whether it is before this place in a list.
  bool IsBefore(uint64_t time, uint64_t id) const {
    return time_ms != time ? time_ms > time : other < id;
  }
};

// A decoded head, which borrows; by default that of no links.
struct LinkHead {
  uint64_t count = 0;
  bool compact = true;
  ByteView links = {};  // encoded, if it is compact

  // Calls visit(link, encoded) for each link of a compact head, newest first, until it returns
  // false. False: the head is damaged.
  template <class Visit>
  bool ForEach(Visit&& visit) const;
  // Whether it is not damaged.
  bool IsReadable() const {
    return !compact || ForEach([](const CompactLink&, ByteView) { return true; });
  }
};

LinkRecord RecordOf(const CompactLink& link);

// None: damaged. The links are not looked at.
std::optional<LinkHead> DecodeLinkHead(ByteView bytes);

Bytes EncodeIndexedHead(uint64_t count);
// The compact head after a link was put, in place of one to the same other, or removed; none: it
// was the last. The head is not damaged (CHECK).
Bytes CompactHeadWith(const LinkHead& head, const CompactLink& link);
std::optional<Bytes> CompactHeadWithout(const LinkHead& head, uint64_t other);

// ------------------------------------------------------------------------------------------------

inline constexpr size_t kMinCompactLinkBytes = 2 * sizeof(uint64_t) + 1 + sizeof(uint16_t);

template <class Visit>
bool LinkHead::ForEach(Visit&& visit) const {
  ByteView rest = links;
  for (uint64_t i = 0; i < count; ++i) {
    if (rest.size() < kMinCompactLinkBytes) return false;
    CompactLink link;
    link.time_ms = LoadLittle<uint64_t>(rest.data());
    link.other = LoadLittle<uint64_t>(rest.data() + 8);
    link.inverse = LinkKind{LoadLittle<uint8_t>(rest.data() + 16)};
    const size_t size = LoadLittle<uint16_t>(rest.data() + 17);
    if (link.inverse == LinkKind{0} || rest.size() - kMinCompactLinkBytes < size) return false;
    link.value = rest.substr(kMinCompactLinkBytes, size);
    if (!visit(link, rest.substr(0, kMinCompactLinkBytes + size))) return true;
    rest.remove_prefix(kMinCompactLinkBytes + size);
  }
  return rest.empty();
}

}  // namespace smile
