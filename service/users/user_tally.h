// How much there is of a user, by kind.
#pragma once

#include <cstdint>

namespace smile {

struct UserTally {
  uint64_t logins = 0;
  uint64_t sessions = 0;
  uint64_t links = 0;  // of the user to others; each has another side
  uint64_t media = 0;
  uint64_t uploads = 0;  // those that are not finished
  uint64_t posts = 0;
  uint64_t records = 0;

  uint64_t sum() const { return logins + sessions + links + media + uploads + posts + records; }
  bool operator==(const UserTally&) const = default;
};

}  // namespace smile
