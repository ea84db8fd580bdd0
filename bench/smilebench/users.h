// The users of the mission's size. A user is a number from 1, and all that is written of one
// follows from it, so that whoever reads it knows whether it is right.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "model/key.h"

namespace smile::bench {

inline constexpr uint64_t kMaxUsers = uint64_t{1} << 40;

// "noor.okafor.17@mail.example": each user has another, and they sort otherwise than the numbers.
Bytes LoginOf(uint64_t user);
Key ProfileKeyOf(uint64_t user);
// A record that is found by the login: users/HASH OF THE LOGIN/login.
Key LoginKeyOf(uint64_t user);

// Replaces *value by what LoginKeyOf(user) holds: the user's number and a credential, as text;
// about 110 bytes. The credential has the form of an Argon2id hash, and cannot be compressed.
void MakeLoginRecord(uint64_t user, Bytes* value);

// Replaces *value by what users/<user>/profile holds: JSON of 250 to 600 bytes, half of it words.
void MakeProfile(uint64_t user, Bytes* value);

}  // namespace smile::bench
