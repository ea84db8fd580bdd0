// Removes what there is of a user; the part of UserService that looks for it.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/links/link_service.h"
#include "service/logins/login_service.h"
#include "service/logins/session_service.h"
#include "service/media/media_service.h"
#include "service/users/user_tally.h"

namespace smile {

// What belongs to users. All outlive their user.
struct UserParts {
  const EngineCalls& engine;
  const MediaService& media;
  const LinkService& links;
  const LoginService& logins;
  const SessionService& sessions;
};

// One call of an erase. One caller at a time.
class Eraser {
 public:
  // The clock outlives the eraser.
  Eraser(const UserParts& parts, uint64_t user, const Clock& clock);

  // Removes all that there was when it was called. Logins and sessions go first, so that nobody is
  // let in any more. False: it ended before, at limits::kMaxErasedPerCall or kMaxEraseMillis.
  // kCorrupt: something cannot be read; all else was removed.
  Task<Result<bool>> Pass();

  const UserTally& removed() const { return removed_; }

 private:
  struct Step;

  // Each removes all that it is named after, until IsOver().
  Task<Status> EraseLogins();
  Task<Status> EraseSessions();
  Task<Status> EraseLinks();
  Task<Status> EraseLinksOf(LinkKind kind);
  Task<Status> EraseUploads();
  Task<Status> EraseMedia();
  Task<Status> ErasePosts();
  Task<Status> EraseRecords();
  Task<Status> EraseEntries(Table table, uint64_t* removed);

  // Whether it was there.
  Task<Result<bool>> Unlink(LinkKind kind, uint64_t other) const;
  Task<Result<bool>> DeleteMedia(uint64_t media) const;

  bool IsOver() const;

  const UserParts parts_;
  const uint64_t user_;
  const Clock& clock_;
  const int64_t end_nanos_;
  UserTally removed_;
};

}  // namespace smile
