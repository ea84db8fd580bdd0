// The operations on a user as a whole.
#pragma once

#include <cstdint>

#include "protocol/field.h"
#include "protocol/operation_list.h"

namespace smile {

namespace op {

struct UserStat {
  static constexpr OperationInfo kInfo{60, "user_stat", "counts what there is of a user",
                                       Effect::kRead, 1};

  struct Request {
    uint64_t user = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Request::user>{"user", "id of the user"}};
    }
  };

  struct Response {
    uint64_t logins = 0;
    uint64_t sessions = 0;
    uint64_t links = 0;
    uint64_t media = 0;
    uint64_t uploads = 0;
    uint64_t posts = 0;
    uint64_t records = 0;
    bool complete = false;
    bool erasing = false;

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::logins>{"logins", "number of logins; it and the others at most 1,000"},
          Field<&Response::sessions>{"sessions", "of sessions"},
          Field<&Response::links>{"links", "of links to others, of all kinds; without a maximum"},
          Field<&Response::media>{"media", "of media records"},
          Field<&Response::uploads>{"uploads", "of uploads that are not finished"},
          Field<&Response::posts>{"posts", "of posts"},
          Field<&Response::records>{"records", "of records in `users`"},
          Field<&Response::complete>{"complete", "false: there is more of one of them"},
          Field<&Response::erasing>{"erasing", "USER_ERASE was begun, and is not done"}};
    }
  };
};

struct UserErase {
  static constexpr OperationInfo kInfo{
      61, "user_erase",
      "removes all of a user: logins, sessions, links on both sides, media, posts and records",
      Effect::kWrite, 1};

  struct Request {
    uint64_t user = 0;

    static constexpr auto Fields() {
      return FieldList{Field<&Request::user>{"user", "id of the user"}};
    }
  };

  struct Response {
    bool done = false;
    uint64_t logins = 0;
    uint64_t sessions = 0;
    uint64_t links = 0;
    uint64_t media = 0;
    uint64_t uploads = 0;
    uint64_t posts = 0;
    uint64_t records = 0;

    static constexpr auto Fields() {
      return FieldList{
          Field<&Response::done>{"done", "false: there is more; send the request again", 0,
                                 TextForm::kAnswer},
          Field<&Response::logins>{"logins", "number of logins that this request removed"},
          Field<&Response::sessions>{"sessions", "likewise"},
          Field<&Response::links>{"links", "likewise: each on both sides"},
          Field<&Response::media>{"media", "likewise"},
          Field<&Response::uploads>{"uploads", "likewise: those that were not finished"},
          Field<&Response::posts>{"posts", "likewise"},
          Field<&Response::records>{"records", "likewise: of `users`"}};
    }
  };
};

}  // namespace op

// The operations of this family.
using UserOperations = OperationList<op::UserStat, op::UserErase>;

}  // namespace smile
