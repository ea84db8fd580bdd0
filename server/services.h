// What the handlers of operations call beside the engine. All outlive the server.
#pragma once

#include "service/feeds/feed_service.h"
#include "service/links/link_service.h"
#include "service/logins/login_service.h"
#include "service/logins/session_service.h"
#include "service/media/media_service.h"
#include "service/sweeper.h"
#include "service/users/user_service.h"
#include "service/watches/watch_hub.h"

namespace smile {

struct Services {
  const MediaService& media;
  const LinkService& links;
  const LoginService& logins;
  const SessionService& sessions;
  const UserService& users;
  const FeedService& feeds;
  WatchHub& watches;
  bool allow_credential_export = false;
  const Sweeper* sweeper = nullptr;  // for STATS; null: there is none
};

}  // namespace smile
