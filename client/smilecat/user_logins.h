// Logins of a user, from and to a server.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "client/client.h"
#include "client/smilecat/user_line.h"

namespace smile::cat {

// All of the user. With credentials: kUnsupported unless smiled runs with
// --allow-credential-export.
Result<std::vector<UserLogin>> ReadLogins(Client* client, uint64_t user, bool with_credentials,
                                          int64_t deadline_millis);

// Claims the login, which has a credential. False: the user has it already, and its credential
// stays. kConditionFailed: it is another user's.
Result<bool> ImportLogin(Client* client, uint64_t user, const UserLogin& login,
                         int64_t deadline_millis);

}  // namespace smile::cat
