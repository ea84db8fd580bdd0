// The operations on links between users, or between users and other nodes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/field.h"
#include "protocol/operation_list.h"
#include "protocol/outcomes.h"

namespace smile {

namespace op {

struct Link {
  static constexpr OperationInfo kInfo{
      30, "link", "links a user to another and back, or replaces the value of the link",
      Effect::kWrite, 1};

  struct Request {
    uint64_t user = 0;
    uint8_t kind = 0;
    uint64_t other = 0;
    ByteView value = {};
    std::optional<uint8_t> inverse = {};
    std::optional<uint64_t> time_ms = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::user>{"user", "id of the user, or any other node"},
          Field<&Request::kind>{"kind", "kind of the link (1–255)", 0, TextForm::kLinkKind},
          Field<&Request::other>{"other", "id of the other, not the same"},
          Field<&Request::value>{"value", "any bytes, at most 1,024; on both sides", 0,
                                 TextForm::kValue, kHasDefault},
          Field<&Request::inverse>{"inverse",
                                   "kind of the link back; absent: that of the existing link, or "
                                   "the inverse of the kind (see *Links*)",
                                   1, TextForm::kLinkKind},
          Field<&Request::time_ms>{"time_ms",
                                   "Unix milliseconds, by which links are ordered; absent: that of "
                                   "the existing link, or now",
                                   3}};
    }
  };

  struct Response {
    bool created = false;
    uint64_t time_ms = 0;

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::created>{"created", "false: the link existed", 0, TextForm::kAnswer},
          Field<&Response::time_ms>{"time_ms", "time of the link", 0, TextForm::kPast}};
    }
  };
};

struct Unlink {
  static constexpr OperationInfo kInfo{
      31, "unlink", "removes a link and the link back; not an error if there is none",
      Effect::kWrite, 1};

  struct Request {
    uint64_t user = 0;
    uint8_t kind = 0;
    uint64_t other = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Request::user>{"user", "id of the user"},
                       Field<&Request::kind>{"kind", "kind of the link", 0, TextForm::kLinkKind},
                       Field<&Request::other>{"other", "id of the other"}};
    }
  };

  struct Response {
    bool removed = false;

    static constexpr auto Fields() {
      return FieldList{Field<&Response::removed>{"removed", "false: there was no such link", 0,
                                                 TextForm::kAnswer}};
    }
  };
};

struct LinkCount {
  static constexpr OperationInfo kInfo{32, "link_count", "counts a user's links of a kind",
                                       Effect::kRead, 1};

  struct Request {
    uint64_t user = 0;
    uint8_t kind = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Request::user>{"user", "id of the user"},
                       Field<&Request::kind>{"kind", "kind of the links", 0, TextForm::kLinkKind}};
    }
  };

  struct Response {
    uint64_t count = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Response::count>{"count", "number of links of the kind"}};
    }
  };
};

// A link, or one that cannot be read.
struct LinkEntry {
  EntryOutcome outcome = EntryOutcome::kFound;
  uint64_t other = 0;
  uint64_t time_ms = 0;
  uint8_t inverse = 0;
  ByteView value = {};

  static constexpr auto Fields() {
    return FieldList{
        Field<&LinkEntry::outcome>{"outcome",
                                   "corrupt: there is a link, but its value cannot be read; gap: "
                                   "links here cannot be read; retry: there is a link, but no room "
                                   "for it, send its id again"},
        Field<&LinkEntry::other>{"other", "id of the other; 0 for a gap"},
        Field<&LinkEntry::time_ms>{"time_ms", "time of the link; 0 for a gap, and where unknown", 0,
                                   TextForm::kPast},
        Field<&LinkEntry::inverse>{"inverse", "kind of the link back; 0 unless found", 0,
                                   TextForm::kLinkKind},
        Field<&LinkEntry::value>{"value", "empty unless found", 0, TextForm::kValue}};
  }
};

struct LinkList {
  static constexpr OperationInfo kInfo{
      33, "link_list", "reads a user's links of a kind, newest first", Effect::kRead, 1};

  struct Request {
    uint64_t user = 0;
    uint8_t kind = 0;
    uint32_t limit = 100;
    std::optional<uint64_t> since_ms = {};
    std::optional<uint64_t> before_ms = {};
    std::optional<ByteView> continuation = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::user>{"user", "id of the user"},
          Field<&Request::kind>{"kind", "kind of the links", 0, TextForm::kLinkKind},
          Field<&Request::limit>{"limit", "maximum number of entries (1–10,000)", 0,
                                 TextForm::kPlain, kHasDefault},
          Field<&Request::since_ms>{"since_ms", "only links of this time or later", 1},
          Field<&Request::before_ms>{"before_ms", "only links of an earlier time than this", 3},
          Field<&Request::continuation>{"continuation", "token from the previous page's reply", 5,
                                        TextForm::kOpaque}};
    }
  };

  struct Response {
    std::vector<LinkEntry> entries = {};
    ByteView continuation = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::entries>{"entries", "links found, and what could not be read"},
          Field<&Response::continuation>{
              "continuation", "empty if complete; otherwise pass it to get the next page", 0,
              TextForm::kOpaque}};
    }
  };
};

struct LinkCheck {
  static constexpr OperationInfo kInfo{
      34, "link_check", "tells which of up to 1,000 others a user is linked to", Effect::kRead, 1};

  struct Request {
    uint64_t user = 0;
    uint8_t kind = 0;
    std::vector<uint64_t> others = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Request::user>{"user", "id of the user"},
                       Field<&Request::kind>{"kind", "kind of the links", 0, TextForm::kLinkKind},
                       Field<&Request::others>{"others", "ids of the others; at least one"}};
    }
  };

  struct Response {
    std::vector<LinkEntry> entries = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Response::entries>{
          "entries", "of those that are linked, in the order of the request"}};
    }
  };
};

struct LinkCommon {
  static constexpr OperationInfo kInfo{
      35, "link_common", "lists whom both of two users are linked to", Effect::kRead, 1};

  struct Request {
    uint64_t user = 0;
    uint64_t other = 0;
    uint8_t kind = 0;
    uint32_t limit = 100;
    std::optional<ByteView> continuation = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::user>{"user", "id of a user"},
          Field<&Request::other>{"other", "id of another"},
          Field<&Request::kind>{"kind", "kind of the links of both", 0, TextForm::kLinkKind},
          Field<&Request::limit>{"limit", "maximum number of ids (1–10,000)", 0, TextForm::kPlain,
                                 kHasDefault},
          Field<&Request::continuation>{"continuation", "token from the previous page's reply", 1,
                                        TextForm::kOpaque}};
    }
  };

  struct Response {
    std::vector<uint64_t> ids = {};
    bool gap = false;
    ByteView continuation = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::ids>{"ids",
                                "in ascending order; possibly few or none although there "
                                "are more"},
          Field<&Response::gap>{"gap", "true if links in this range cannot be read"},
          Field<&Response::continuation>{
              "continuation", "empty if complete; otherwise pass it to get the next page", 0,
              TextForm::kOpaque}};
    }
  };
};

// The number of links of a kind.
struct KindCount {
  uint8_t kind = 0;
  uint64_t count = 0;

  static constexpr auto Fields() {
    return FieldList{Field<&KindCount::kind>{"kind", "kind of links", 0, TextForm::kLinkKind},
                     Field<&KindCount::count>{"count", "number of links of the kind"}};
  }
};

struct LinkCounts {
  static constexpr OperationInfo kInfo{36, "link_counts", "counts a user's links of each kind",
                                       Effect::kRead, 1};

  struct Request {
    uint64_t user = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Request::user>{"user", "id of the user"}};
    }
  };

  struct Response {
    std::vector<KindCount> counts = {};

    static constexpr auto Fields() {
      return FieldList{Field<&Response::counts>{
          "counts", "of the kinds of which there are links, in ascending order"}};
    }
  };
};

}  // namespace op

// The operations of this family.
using LinkOperations = OperationList<op::Link, op::Unlink, op::LinkCount, op::LinkList,
                                     op::LinkCheck, op::LinkCommon, op::LinkCounts>;

}  // namespace smile
