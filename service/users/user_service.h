// A user as a whole: what there is of one, and how to remove all of it.
//
// What belongs to a user is in many partitions, also in those of others: a link has a side there,
// and content may be shared. So a user cannot be erased in one write. The first write of an erase
// is a note, beside the user's logins and in the work log: what a crash interrupts, or nobody asks
// for any more, is finished by the sweeper.
//
// An erase goes in passes over everything (service/users/eraser.h). It is done when a pass found
// nothing, or after limits::kMaxErasePasses, so that it ends although others go on writing. All
// that was acknowledged before the call is gone then. Of what others write during the call, each
// thing is there or gone as a whole. What is written after the answer is there: nothing goes on
// that was begun before.
//
// All calls may be made on any thread, at the same time; erases of one user take turns. They answer
// what the services and Engine answer.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/keyed_lock.h"
#include "service/links/link_service.h"
#include "service/logins/login_service.h"
#include "service/logins/session_service.h"
#include "service/media/media_service.h"
#include "service/users/user_tally.h"
#include "service/work_log.h"
#include "storage/call_context.h"

namespace smile {

struct UserState {
  UserTally tally;       // each at most limits::kMaxUserTally, but for links
  bool complete = true;  // false: one of them is more than that
  bool erasing = false;  // an erase was begun, and is not done
};

struct UserErased {
  bool done = false;  // false: there is more, call again
  UserTally removed;  // by this call
};

class UserService {
 public:
  // All outlive the service, which outlives its tasks. The engine can write together (CHECK).
  UserService(Engine& engine, const MediaService& media, const LinkService& links,
              const LoginService& logins, const SessionService& sessions, const Clock& clock);

  Task<Result<UserState>> Stat(uint64_t user, CallContext call) const;

  // Removes about limits::kMaxErasedPerCall things. May be repeated, before and after the end.
  // kCorrupt: something cannot be read; all that can be is removed.
  Task<Result<UserErased>> Erase(uint64_t user, CallContext call = {}) const;

  // For the sweeper: an item of kind kErase. Ok: the item is not needed any more, possibly because
  // there is another one.
  Task<Status> Finish(WorkItem item) const;

 private:
  // Counts entries of a partition, at most limits::kMaxUserTally; with more, resets `*complete`.
  Task<Result<uint64_t>> CountEntries(ScanRequest request, bool* complete) const;
  Task<Result<uint64_t>> CountUploads(uint64_t user, CallContext call, bool* complete) const;

  // The note of an erase: its item in the work log; kNotFound if there is none.
  Task<Result<WorkItem>> ReadNote(uint64_t user, CallContext call) const;
  Task<Result<WorkItem>> ReadNote(uint64_t user) const { return ReadNote(user, CallContext()); }
  // With the lock of the user held:
  Task<Status> WriteNote(uint64_t user) const;
  Task<Status> RemoveNote(uint64_t user, WorkItem item) const;
  Task<Result<UserErased>> EraseNoted(uint64_t user, WorkItem note) const;

  const EngineCalls engine_;
  const MediaService& media_;
  const LinkService& links_;
  const LoginService& logins_;
  const SessionService& sessions_;
  const Clock& clock_;
  const WorkLog work_;
  mutable KeyedLock<uint64_t> locks_;  // of erases
};

}  // namespace smile
