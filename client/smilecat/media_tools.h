// What the parts of `smilecat media` and `smilecat user` share.
#pragma once

#include "base/clock.h"
#include "base/interrupt.h"
#include "client/client.h"
#include "client/smilecat/server_watch.h"

namespace smile::cat {

struct MediaTools {
  Client* client;
  const ServerWatch* watch;
  const Clock* clock;
  const Interrupt* interrupt;
};

}  // namespace smile::cat
