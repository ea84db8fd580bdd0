// `smilecat watch posts/42 links/42`: a line for each change, until it is ended.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "client/client.h"
#include "client/smilecat/link_kinds.h"
#include "client/smilecat/patience.h"
#include "protocol/text_token.h"
#include "protocol/watch_operations.h"

namespace smile::cat {

struct WatchView {
  LinkKinds link_kinds;
  bool json = false;  // an object for each message
  bool raw_times = false;
};

// "put posts/42/7 version=714 value=...", "put links/42/friend/7 version=715" or "gap posts/42
// version=713", without line end; as an object any message. Empty for what a person does not wait
// for: `started` and `progress`.
std::string ShowWatchMessage(const op::Watch::Response& message, const WatchView& view,
                             uint64_t now_millis);

// Runs the request in `tokens`, whose first one is `watch`, until the watch ends or `patience`
// does, which is ok. Prints to stdout, and to stderr when it has begun, and again after an
// interruption. kInvalid, with a usage line, if it is no such request; kNoSpace if stdout cannot be
// written.
Status RunWatch(Client* client, std::span<const TextToken> tokens, const WatchView& view,
                const Patience& patience);

}  // namespace smile::cat
