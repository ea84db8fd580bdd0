// Sessions: random tokens that a user's devices show instead of a password. Only the SHA-256 of a
// token is stored, which names the session: whoever reads the data cannot use it.
//
// A session is one record that verification reads, and one by which the sessions of a user are
// listed; both expire with it. They are written and deleted together, so the engine must be able to
// write together (CHECK). A user has at most limits::kMaxSessionsPerUser: with more, the oldest is
// revoked.
//
// Revoking all may take several writes. Before the first, it is put into the work log: what a crash
// interrupts is finished by the sweeper. Sessions that are made later are not revoked by it.
//
// All calls may be made on any thread, at the same time; those that change sessions of one user
// take turns. They answer what Engine answers beside what is said here. A call whose deadline
// passes before it begins to change anything has no effect; one that has begun is finished.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sha256.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/keyed_lock.h"
#include "service/logins/login_records.h"
#include "service/logins/session_starts.h"
#include "service/work_log.h"
#include "storage/call_context.h"
#include "storage/engine.h"

namespace smile {

struct MakeSession {
  uint64_t user = 0;
  Bytes label;  // at most limits::kMaxSessionLabelBytes
  uint32_t expire_seconds = 0;
  CallContext call;
};

struct NewSession {
  Bytes token;  // 32 random bytes
  Sha256Digest id;
  uint64_t expires_ms = 0;
};

struct SessionInfo {
  Sha256Digest id;
  SessionRecord record;
};

struct SessionPage {
  std::vector<SessionInfo> sessions;  // oldest first
  // As in ScanPage.
  bool more = false;
  std::optional<Bytes> resume_from;
};

struct SessionListRequest {
  uint64_t user = 0;
  // As `after` and `from` of ScanRequest.
  Bytes after;
  Bytes from;
  uint32_t limit = 0;
  CallContext call;
};

class SessionService {
 public:
  using MakeRandom = std::function<Bytes(size_t count)>;

  // All outlive the service, which outlives its tasks.
  SessionService(Engine& engine, const Clock& clock, MakeRandom make_random);

  Task<Result<NewSession>> Make(MakeSession request) const;

  // kNotFound if there is no such session, any more.
  Task<Result<SessionInfo>> Verify(Bytes token, CallContext call = {}) const;
  // The same without waiting; nullopt if that is not possible.
  std::optional<Result<SessionInfo>> TryVerify(ByteView token) const;

  Task<Result<SessionPage>> List(SessionListRequest request) const;

  // Whether there was such a session of this user.
  Task<Result<bool>> Revoke(uint64_t user, Sha256Digest id, CallContext call = {}) const;

  // All sessions of the user that were made until now, but not `except`. How many.
  Task<Result<uint64_t>> RevokeAll(uint64_t user, std::optional<Sha256Digest> except,
                                   CallContext call = {}) const;

  // All sessions of the user that there were at the time of the call, whatever the clock says; for
  // work that is in the work log itself. How many.
  Task<Result<uint64_t>> RemoveAll(uint64_t user) const;

  // RevokeAll in two steps, of which the first is a write that is part of another
  // (WorkLog::AddRequest). Finish may be repeated.
  WorkItem RevokeItem(uint64_t user, std::optional<Sha256Digest> except) const;
  Task<Result<uint64_t>> FinishRevoke(WorkItem item) const;

  // For the sweeper: an item of kind kRevoke. Ok: the item is not needed any more.
  Task<Status> Finish(WorkItem item) const;

 private:
  // With the lock of the user held:
  // The oldest session, if the user has so many that another one is too many.
  Task<Result<std::vector<SessionInfo>>> Superfluous(uint64_t user, CallContext call) const;
  Task<Status> Delete(uint64_t user, std::vector<SessionInfo> sessions) const;
  // Takes the lock.
  Task<Result<uint64_t>> RevokeUntil(uint64_t user, uint64_t made_ms,
                                     std::optional<Sha256Digest> except) const;
  uint64_t NowMillis() const { return static_cast<uint64_t>(clock_.WallMillis()); }

  const EngineCalls engine_;
  const Clock& clock_;
  const MakeRandom make_random_;
  const WorkLog work_;
  mutable KeyedLock<uint64_t> locks_;
  mutable SessionStarts starts_;
};

}  // namespace smile
