// The records of links, and their stored form.
//
// A link of a user to another has two sides: (user, kind, other) and (other, inverse, user). A side
// is in the partition links/USER of its user:
//
//   KIND/head/0/0                links/link_head.h: the number of links of the kind, and few links
//
// or, if its kind has many, in two records beside the head:
//
//   KIND/member/OTHER/0          LinkRecord: whether OTHER is linked is one lookup
//   KIND/newest/~TIME/OTHER      the same LinkRecord: a range of times is one scan
//
// Integers are little-endian.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>

#include "base/bytes.h"
#include "base/coding.h"
#include "model/key.h"
#include "storage/engine.h"

namespace smile {

struct LinkRecord {
  uint64_t time_ms = 0;
  LinkKind inverse = LinkKind::kFriend;  // of the other side
  Bytes value;

  bool operator==(const LinkRecord&) const = default;
};

// Names a record of links. Those of a user are together, as their keys are.
struct LinkRecordId {
  uint64_t user = 0;
  LinkSort sort;

  bool operator==(const LinkRecordId&) const = default;
  bool operator<(const LinkRecordId& other) const {
    const auto parts = [](const LinkRecordId& id) {
      return std::tuple(id.user, id.sort.kind, id.sort.view, id.sort.first, id.sort.second);
    };
    return parts(*this) < parts(other);
  }
};

// The bytes of its key, without memory of their own to allocate.
class LinkKeyBytes {
 public:
  explicit LinkKeyBytes(const LinkRecordId& id) {
    StoreLittle(partition_.data(), ByteSwap(id.user));
    sort_[0] = static_cast<char>(id.sort.kind);
    sort_[1] = static_cast<char>(id.sort.view);
    StoreLittle(sort_.data() + 2, ByteSwap(id.sort.first));
    StoreLittle(sort_.data() + 2 + sizeof(uint64_t), ByteSwap(id.sort.second));
  }

  // Borrows from this object.
  KeyView view() const {
    return {Table::kLinks, {partition_.data(), partition_.size()}, {sort_.data(), sort_.size()}};
  }

 private:
  std::array<char, sizeof(uint64_t)> partition_;
  std::array<char, 2 + 2 * sizeof(uint64_t)> sort_;
};

// One side of a link.
struct LinkSide {
  uint64_t user = 0;
  LinkKind kind = LinkKind::kFriend;
  uint64_t other = 0;

  LinkRecordId Head() const { return {user, {.kind = kind, .view = LinkView::kHead}}; }
  LinkRecordId Member() const {
    return {user, {.kind = kind, .view = LinkView::kMember, .first = other}};
  }
  LinkRecordId Newest(uint64_t time_ms) const {
    return {user, {.kind = kind, .view = LinkView::kNewest, .first = ~time_ms, .second = other}};
  }
};

// A link as it is stored; the value is borrowed.
struct LinkRecordView {
  uint64_t time_ms = 0;
  LinkKind inverse = LinkKind::kFriend;
  ByteView value;
};

// The parts of a sort key that is stored in `links` (CHECK).
LinkSort SortOf(ByteView sort);

LinkRecord Owned(const LinkRecordView& record);
Bytes Encode(const LinkRecord& record);
// None: damaged, or not written by this service.
std::optional<LinkRecordView> DecodeLinkRecord(ByteView bytes);

// A record that is put or deleted; the value is borrowed.
struct LinkMutation {
  LinkRecordId id;
  std::optional<ByteView> value;  // none: delete
  // What watches are told: that the link of the user to the other was put or deleted.
  struct Told {
    uint64_t other = 0;
    MutationKind kind = MutationKind::kPut;
  };
  std::optional<Told> told = {};
};

// These mutations, at least one, as one write. They are sorted by id, of at most
// limits::kMaxWritesTogether users (CHECK).
WriteRequest WriteRequestOf(std::span<const LinkMutation> mutations, uint64_t source = 0);

}  // namespace smile
