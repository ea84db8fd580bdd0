// What of a user is there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/client.h"
#include "client/smilecat/user_folder.h"

namespace smile::cat {

// The kinds of which there is something, or something that cannot be read. Blocks.
Result<std::vector<UserPart>> FindParts(Client* client, uint64_t user, int64_t deadline_millis);

// "records, posts and logins"; there is at least one.
std::string NamesOf(const std::vector<UserPart>& parts);

}  // namespace smile::cat
