// The operations on watches, and on requests in flight.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/field.h"
#include "protocol/operation_list.h"

namespace smile {

// What a message of a WATCH is about.
enum class WatchedEvent : uint8_t {
  kStarted = 0,
  kPut = 1,
  kDelete = 2,
  kGap = 3,
  kProgress = 4,
  kEnded = 5,
};

template <>
struct EnumTable<WatchedEvent> {
  static constexpr std::array<EnumValue<WatchedEvent>, 6> kValues{
      {{WatchedEvent::kStarted, "started"},
       {WatchedEvent::kPut, "put"},
       {WatchedEvent::kDelete, "delete"},
       {WatchedEvent::kGap, "gap"},
       {WatchedEvent::kProgress, "progress"},
       {WatchedEvent::kEnded, "ended"}}};
};
static_assert(EnumIsSound<WatchedEvent>());

namespace op {

struct Watch {
  static constexpr OperationInfo kInfo{80, "watch", "sends each change of partitions as it happens",
                                       Effect::kRead, 1};

  struct Request {
    std::vector<PartitionView> partitions = {};
    bool values = false;
    uint64_t after = 0;

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::partitions>{"partitions", "1 to 1,000, of users, posts, links or media",
                                      0, TextForm::kListed},
          Field<&Request::values>{"values", "puts in users and posts come with their values", 0,
                                  TextForm::kPlain, kHasDefault},
          Field<&Request::after>{"after",
                                 "the events begin with the first change after this version (0: "
                                 "with the next change)",
                                 0, TextForm::kPlain, kHasDefault}};
    }
  };

  // Of each message.
  struct Response {
    WatchedEvent event = WatchedEvent::kStarted;
    uint64_t version = 0;
    uint64_t expires_ms = 0;
    bool with_value = false;
    uint64_t checksum = 0;
    ByteView value = {};
    std::optional<KeyView> key = {};
    std::optional<PartitionView> gap = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::event>{"event", "what happened"},
          Field<&Response::version>{
              "version", "of the change; otherwise: all changes up to this version were sent"},
          Field<&Response::expires_ms>{
              "expires_ms", "put: expiry time, Unix milliseconds (0: never)", 0, TextForm::kTime},
          Field<&Response::with_value>{"with_value", "put: true if `value` is the value"},
          Field<&Response::checksum>{"checksum", "XXH3-64 of `value`", 0, TextForm::kChecksum},
          Field<&Response::value>{"value", "the value, or empty", 0, TextForm::kValue},
          Field<&Response::key>{"key", "put, delete: key of the record", 2},
          Field<&Response::gap>{"gap", "gap: the partition that has it (absent: all of them)", 4}};
    }
  };
};

struct Cancel {
  static constexpr OperationInfo kInfo{81, "cancel", "ends another request of the connection",
                                       Effect::kAdmin, 1};

  struct Request {
    uint32_t id = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Request::id>{"id", "of the request's frame"}};
    }
  };

  struct Response {
    bool cancelled = false;

    static constexpr auto Fields() {
      return FieldList{Field<&Response::cancelled>{
          "cancelled", "false if no such request is open, or it is a write that has begun", 0,
          TextForm::kAnswer}};
    }
  };
};

}  // namespace op

// The operations on watches, and on requests in flight.
using WatchOperations = OperationList<op::Watch, op::Cancel>;

}  // namespace smile
