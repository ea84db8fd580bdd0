// The operation on feeds.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/field.h"
#include "protocol/operation_list.h"
#include "protocol/outcomes.h"

namespace smile {

namespace op {

// A post in the reply of FEED.
struct FeedEntry {
  EntryOutcome outcome = EntryOutcome::kFound;
  uint64_t author = 0;
  uint64_t post = 0;
  RecordView record = {};

  static constexpr auto Fields() {
    return FieldList{
        Field<&FeedEntry::outcome>{
            "outcome", "corrupt: the value cannot be read; too_large: read it with GET"},
        Field<&FeedEntry::author>{"author", "id of the author"},
        Field<&FeedEntry::post>{"post", "id of the post"},
        Field<&FeedEntry::record>{"record",
                                  "zero and empty unless found; without its value if keys_only"}};
  }
};

struct Feed {
  static constexpr OperationInfo kInfo{
      70, "feed", "reads the newest posts of all whom a user is linked to", Effect::kRead, 1};

  struct Request {
    uint64_t user = 0;
    std::vector<uint8_t> kinds = {};
    uint32_t limit = 20;
    bool keys_only = false;
    std::optional<uint64_t> newer_than = {};
    std::optional<ByteView> continuation = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Request::user>{"user", "id of the user"},
          Field<&Request::kinds>{"kinds", "kinds of links to the authors (1–16 of them)", 0,
                                 TextForm::kLinkKind},
          Field<&Request::limit>{"limit", "maximum number of posts (1–1,000)", 0, TextForm::kPlain,
                                 kHasDefault},
          Field<&Request::keys_only>{"keys_only", "omit the values", 0, TextForm::kKeysOnly,
                                     kHasDefault},
          Field<&Request::newer_than>{"newer_than", "only posts with greater ids than this", 1},
          Field<&Request::continuation>{"continuation", "token from the previous page's reply", 3,
                                        TextForm::kOpaque}};
    }
  };

  struct Response {
    std::vector<FeedEntry> entries = {};
    bool gap = false;
    bool cut = false;
    ByteView continuation = {};

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::entries>{"entries",
                                    "by descending id; of the same id, by ascending author"},
          Field<&Response::gap>{"gap",
                                "true if posts, or links to authors, may be missing because they "
                                "cannot be read"},
          Field<&Response::cut>{
              "cut", "true if the user is linked to more than 5,000: the newest links count"},
          Field<&Response::continuation>{
              "continuation", "empty if complete; otherwise pass it to get the next page", 0,
              TextForm::kOpaque}};
    }
  };
};

}  // namespace op

// The feeds.
using FeedOperations = OperationList<op::Feed>;

}  // namespace smile
